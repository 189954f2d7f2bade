import { render } from "preact";
import { App } from "./app.tsx";
import { showTheme } from "./theme.ts";
import "./style/tokens.css";
import "./style/base.css";
import "./style/parts.css";
import "./style/pages.css";
import "./style/settings.css";

showTheme();
const root = document.getElementById("console")!;
root.replaceChildren();
render(<App />, root);
