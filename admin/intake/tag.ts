/** The heading under which the calls of the intake stand in the document. */
export const tag = "Intake";
