import type { Random } from "../spellings/random.ts";

export const fileKinds = [
  ".env",
  ".yaml",
  ".json",
  ".ts",
  ".py",
  ".log",
  ".md",
  ".diff",
  ".min.js",
  ".sh",
] as const;
export type FileKind = (typeof fileKinds)[number];

const WORDS =
  "account address after agent amount answer array await backend balance batch before between billing bucket build cache call client cluster column commit config connection const context count create currency customer database default delete deploy detail device disk domain else email enabled entry error event export false field file filter first format function gateway graph group handler header host image import index input invoice item label language last length level limit list local login logger main message method metric model module monitor name network node null number object offer open option order output owner package page parameter parse patch path pattern payment percent policy price process product profile project prompt proxy query queue range rate read record region release render replica report request response result retry return route runtime sample scale schema search secret section send server service session setting shape sort source stage start state status storage store stream string style submit table target task template tenant test text thread time title token total trace true type undefined update upload user value version view webhook window worker write zone überprüfen größe naïve".split(
    " ",
  );
const NAMES = [
  "API_TOKEN",
  "SERVICE_KEY",
  "ACCESS_TOKEN",
  "CLIENT_SECRET",
  "CI_DEPLOY",
  "BOT",
  "AUTH",
  "PASSWORD",
];

const word = (random: Random) => random.pick(WORDS);
const words = (random: Random, count: number) => Array.from({ length: count }, () => word(random)).join(" ");
const number = (random: Random) => String(random.below(100_000));

/** A line, or a stretch of one, as files of that kind have them. */
export function fillerOf(kind: FileKind, random: Random): string {
  const [one, two, three] = [word(random), word(random), word(random)];
  switch (kind) {
    case ".env":
      return `${one.toUpperCase()}_${two.toUpperCase()}=${random.pick([three, number(random), `https://${two}.example/${three}`, `"${words(random, 3)}"`])}\n`;
    case ".yaml":
      return `${" ".repeat(2 * random.below(4))}${random.pick(["", "- "])}${one}_${two}: ${random.pick([three, number(random), `"${words(random, 4)}"`])}\n`;
    case ".json":
      return `  "${one}": {"${two}": ${number(random)}, "${three}": "${words(random, 2)}"},\n`;
    case ".ts":
      return random.pick([
        `export const ${one}${two} = await this.${three}.${word(random)}({ ${word(random)}: ${number(random)} });\n`,
        `  if (${one}.${two} !== ${three}) return new ${word(random)}Error("${words(random, 6)}");\n`,
        `/** ${words(random, 12)}. */\n`,
      ]);
    case ".py":
      return random.pick([
        `    ${one}_${two} = self.${three}(${word(random)}=${number(random)}, key="${word(random)}")\n`,
        `def ${one}_${two}(${three}: str, token: str | None = None) -> ${word(random)}:\n`,
        `    # ${words(random, 9)}\n`,
      ]);
    case ".log":
      return `2026-11-${10 + random.below(20)}T${10 + random.below(13)}:${10 + random.below(49)}:02.${100 + random.below(899)}Z INFO  [${one}-${number(random)}] ${two} ${three}=${number(random)} ms=${random.below(900)} path=/api/v1/${word(random)}/${number(random)} ${words(random, 3)}\n`;
    case ".md":
      return random.pick([
        `## ${words(random, 3)}\n\n`,
        `${words(random, 14)}, \`${one}_${two}\` ${words(random, 5)}.\n`,
        `- [${one}](https://${two}.example/${three}): ${words(random, 6)}\n`,
      ]);
    case ".diff":
      return `${random.pick(["+", "-", " ", " "])}  ${one}.${two}(${three}, ${number(random)}); // ${words(random, 4)}\n`;
    case ".min.js":
      return `function ${one[0]}(${two[0]},t){return t.${three}?${two[0]}(t.${one},${number(random)}):[{${two}:"${three}",n:!0}]}var ${one[1] ?? "x"}=${number(random)};`;
    case ".sh":
      return random.pick([
        `export ${one.toUpperCase()}_${two.toUpperCase()}=${three}\n`,
        `curl -sS -X POST https://${one}.example/${two} -d '${three}=${number(random)}' | jq .${word(random)}\n`,
      ]);
  }
}

/** What stands before a value and after it in a file of that kind; `name` must be on the line where it is given. */
export function lineOf(kind: FileKind, random: Random, given: string | null): readonly [string, string] {
  const name = given ?? random.pick(NAMES);
  const lower = name.toLowerCase();
  const authorization = random.pick(["Authorization: Bearer ", "X-API-Key: ", "PRIVATE-TOKEN: "]);
  switch (kind) {
    case ".env":
      return random.pick([
        [`${name}=`, "\n"],
        [`${name}="`, '"\n'],
        [`export ${name}='`, "'\n"],
        [`${name}=`, "\r\n"],
        [`${name}=`, " # rotate\n"],
      ]);
    case ".yaml":
      return random.pick([
        [`  ${lower}: `, "\n"],
        [`  ${lower}: "`, '"\n'],
        [`    - name: ${name}\n      ${lower}: '`, "'\n"],
      ]);
    case ".json":
      return random.pick(
        [
          [`  "${lower}": "`, '",\n'],
          [`{"env":[{"${name}":"`, '"}]}\n'],
          [`  "script": "${name}\\n`, '\\nrun",\n'],
        ].slice(0, given === null ? 3 : 2),
      ) as [string, string];
    case ".ts":
      return random.pick([
        [`const ${lower} = "`, '";\n'],
        [`  ${lower}: process.env.${name} ?? '`, "',\n"],
        [`  headers: { ${lower}: \`Bearer `, "` },\n"],
      ]);
    case ".py":
      return random.pick([
        [`${lower} = '`, "'\n"],
        [`client = Client(${lower}="`, '", timeout=5)\n'],
        [`os.environ["${name}"] = r"`, '"\n'],
      ]);
    case ".log":
      return given === null
        ? random.pick([
            [`2026-11-20T10:00:00Z DEBUG > ${authorization}`, " status=200\n"],
            ["GET /v1/users?page=2&access_token=", "&sort=asc HTTP/1.1\n"],
            ["GET /callback?next=%2Fhome%3Ftoken%3D", " 302\n"],
            ["args=[--token, ", ", --verbose]\n"],
          ])
        : [`2026-11-20T10:00:00Z DEBUG ${name}=`, " loaded\n"];
    case ".md":
      return random.pick([
        [`Use \`${name}=`, "` for the job.\n"],
        [`    ${name}: `, "\n"],
        [`| ${name} | \``, "` | old |\n"],
        [`(${name}: `, ")\n"],
      ]);
    case ".diff":
      return random.pick([
        [`+${name}=`, "\n"],
        [`-    ${lower}: "`, '"\n'],
        [` const ${lower} = '`, "';\n"],
      ]);
    case ".min.js":
      return random.pick([
        [`{${lower}:"`, '",b:1}'],
        [`e.${lower}='`, "',"],
        [`("${lower}","`, '")'],
      ]);
    case ".sh":
      return given === null
        ? random.pick([
            [`curl -H '${authorization}`, "' https://api.example/v1\n"],
            ["git clone https://oauth2:", "@git.example/team/repo.git\n"],
            [`export ${name}=`, "\n"],
            ["tool login --token=", " && tool push\n"],
          ])
        : [`export ${name}="`, '"\n'];
  }
}
