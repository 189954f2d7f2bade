/** The heading under which these calls stand in the document. */
export const tag = "Sources";
