import { endsInBase36, endsInBase62, endsInHex, endsInLittleEndian, isJwt } from "./checksums.ts";

/** One known format of tokens. Several rows may have the same kind. */
export interface Format {
  readonly kind: string;
  /** Names the row: `github-token`. */
  readonly rule: string;
  /** Texts of three bytes and more, one of which every token of the format begins with (see `lead`). */
  readonly anchors: readonly string[];
  /** The shape of a whole one, not bound to either end; null where texts of that shape say nothing by themselves. */
  readonly body: RegExp | null;
  /** How it begins, where the anchors say too little: enough to know the kind. */
  readonly start: RegExp | null;
  /** Characters of the shortest whole one, for those that begin so and are cut; 0 where nobody knows. */
  readonly charsMin: number;
  /** Whether the checksum in it is right; asked of whole ones only. */
  readonly isRight: ((text: string) => boolean) | null;
  /** Like `isRight`, of formats that have a structure instead of a checksum: what fails is not of the format. */
  readonly isSound: ((text: string) => boolean) | null;
  /** The anchor stands within: so many bytes of these may come before it. */
  readonly lead: { readonly of: RegExp; readonly max: number } | null;
  /** The anchor is an address, and the token what follows it. */
  readonly isBehind: boolean;
  /** Words one of which must stand near, since the shape alone is met by chance. */
  readonly near: RegExp | null;
}

type Extras = Partial<Omit<Format, "kind" | "rule" | "anchors" | "body">>;

/**
 * The one table of formats, in order: the first row whose start fits tells the kind. The shapes are those that vendors
 * document and public scanners look for. What has neither prefix nor structure (UUIDs, hex) is recognized, never found.
 */
export const FORMATS: readonly Format[] = [
  row("github", "github-token", "ghp_ gho_ ghu_ ghs_ ghr_", /gh[opusr]_[0-9A-Za-z]{36}/, {
    charsMin: 40,
    isRight: endsInBase62,
  }),
  row("github", "github-fine-grained", "github_pat_", /github_pat_[0-9A-Za-z]{22}_[0-9A-Za-z]{59}/, {
    charsMin: 93,
  }),
  // An old one of 20 characters looks the same as a routable one that a scanner cut to 20: both are told of.
  row(
    "gitlab",
    "gitlab-routable-token",
    "glpat- gldt- glrt- glptt- glcbt- glft- glimt- glagent- gloas- glsoat- glffct- glwt-",
    /gl[a-z]+-[\w-]{27,300}\.[0-9a-z]{2}\.[0-9a-z]{9}/,
    { charsMin: 27, isRight: endsInBase36 },
  ),
  // Reached by the search alone: in the recognition of a whole text the row before decides.
  row(
    "gitlab",
    "gitlab-token",
    "glpat- gldt- glrt- glptt- glcbt- glft- glimt- glagent- gloas- glsoat- glffct-",
    /(?:gl(?:pat|dt|rt|ft|soat|ffct)-[\w-]{20}|glptt-[0-9a-f]{40}|glcbt-[0-9a-zA-Z]{1,5}_[\w-]{20}|glimt-[\w-]{25}|glagent-[\w-]{50}|gloas-[0-9a-f]{64})/,
  ),
  row("gitlab", "gitlab-runner-registration", "GR1348941", /GR1348941[\w-]{20}/, { charsMin: 29 }),
  row(
    "slack",
    "slack-config-token",
    "xoxe.xoxb- xoxe.xoxp- xoxe-",
    /xoxe(?:\.xox[bp])?-\d-[A-Za-z0-9]{140,170}/,
    {
      charsMin: 24,
    },
  ),
  row("slack", "slack-app-token", "xapp-", /xapp-\d-[A-Z0-9]{8,12}-\d{9,15}-[a-f0-9]{40,80}/, {
    charsMin: 24,
  }),
  row(
    "slack",
    "slack-token",
    "xoxb- xoxp- xoxa- xoxr- xoxs-",
    /xox[abprs]-(?:\d+-)*\d[\w-]{18,250}[A-Za-z0-9]/,
    {
      charsMin: 24,
      start: /^xox[abeprs][-.]|^xapp-/,
    },
  ),
  row(
    "slack",
    "slack-webhook",
    "hooks.slack.com/services/",
    /T[A-Z0-9]{8,11}\/B[A-Z0-9]{8,11}\/[A-Za-z0-9]{24}/,
    {
      isBehind: true,
    },
  ),
  row("elevenlabs", "elevenlabs-key", "sk_", /sk_[0-9a-f]{48}/, { start: /^sk_[0-9a-f]{48}$/ }),
  row("klaviyo", "klaviyo-key", "pk_", /pk_[0-9a-f]{34}/, { start: /^pk_[0-9a-f]{34}$/ }),
  row(
    "stripe",
    "stripe-key",
    "sk_test_ sk_live_ sk_prod_ rk_test_ rk_live_ rk_prod_",
    /[sr]k_(?:test|live|prod)_[0-9A-Za-z]{10,200}/,
    { charsMin: 18 },
  ),
  row("stripe", "stripe-webhook-secret", "whsec_", /whsec_[0-9A-Za-z+/]{32,64}={0,2}/, { charsMin: 38 }),
  row("aws", "aws-access-key-id", "AKIA ASIA ABIA ACCA", /(?:AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16}/, {
    charsMin: 20,
    start: /^(?:A3T.|AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16}$/,
  }),
  row("aws", "aws-bedrock-key", "ABSK", /ABSK[\w+/]{109,269}={0,2}/, { charsMin: 113 }),
  row("google", "google-api-key", "AIza", /AIza[\w-]{35}/, { charsMin: 39 }),
  row("google", "google-client-secret", "GOCSPX-", /GOCSPX-[\w-]{28}/, { charsMin: 35 }),
  row("google", "google-access-token", "ya29.", /ya29\.[\w-]{60,1024}/, { charsMin: 65 }),
  row("google", "google-refresh-token", "1//0", /1\/\/0[\w-]{60,110}/, { charsMin: 64 }),
  row("anthropic", "anthropic-key", "sk-ant-", /sk-ant-[a-z]+[0-9]{2}-[\w-]{93}AA/, { charsMin: 108 }),
  row("openrouter", "openrouter-key", "sk-or-v1-", /sk-or-v1-[0-9a-f]{64}/, { charsMin: 73 }),
  row("openai", "openai-key", "sk-", /sk-[\w-]{20,180}T3BlbkFJ[\w-]{20,180}/, { charsMin: 51 }),
  row("perplexity", "perplexity-key", "pplx-", /pplx-[0-9A-Za-z]{48}/, { charsMin: 53 }),
  row("groq", "groq-key", "gsk_", /gsk_[0-9A-Za-z]{52}/, { charsMin: 56 }),
  row("replicate", "replicate-token", "r8_", /r8_[0-9A-Za-z]{37}/, { charsMin: 40 }),
  row("xai", "xai-key", "xai-", /xai-[0-9A-Za-z]{80}/, { charsMin: 84 }),
  row("langsmith", "langsmith-key", "lsv2_pt_ lsv2_sk_", /lsv2_(?:pt|sk)_[0-9a-f]{32}_[0-9a-f]{10}/, {
    charsMin: 51,
  }),
  row("nvidia", "nvidia-key", "nvapi-", /nvapi-[\w-]{64}/, { charsMin: 70 }),
  row("tavily", "tavily-key", "tvly-", /tvly-(?:dev-|prod-)?[0-9A-Za-z]{32}/, { charsMin: 37 }),
  row("pinecone", "pinecone-key", "pcsk_", /pcsk_[0-9A-Za-z]{4,8}_[0-9A-Za-z]{55,70}/, { charsMin: 64 }),
  row("npm", "npm-token", "npm_", /npm_[0-9A-Za-z]{36}/, { charsMin: 40, isRight: endsInBase62 }),
  row("sendgrid", "sendgrid-key", "SG.", /SG\.[\w-]{22}\.[\w-]{43}/, { charsMin: 69 }),
  row("brevo", "brevo-key", "xkeysib- xsmtpsib-", /x(?:key|smtp)sib-[0-9a-f]{64}-[0-9A-Za-z]{16}/, {
    charsMin: 89,
  }),
  row("vault", "vault-service-token", "hvs.", /hvs\.[\w-]{90,120}/, { charsMin: 94 }),
  row("vault", "vault-batch-token", "hvb.", /hvb\.[\w-]{138,300}/, { charsMin: 142 }),
  row("terraform", "terraform-cloud-token", ".atlasv1.", /[0-9A-Za-z]{14}\.atlasv1\.[\w=-]{60,70}/, {
    lead: { of: /[0-9A-Za-z]/, max: 14 },
  }),
  row("grafana", "grafana-service-account", "glsa_", /glsa_[0-9A-Za-z]{32}_[0-9A-Fa-f]{8}/, {
    charsMin: 46,
    isRight: endsInLittleEndian,
  }),
  row("grafana", "grafana-cloud-token", "glc_ eyJrIjoi", /(?:glc_|eyJrIjoi)[\w+/]{32,400}={0,3}/, {
    charsMin: 40,
  }),
  row("atlassian", "atlassian-token", "ATATT3", /ATATT3[\w=-]{30,300}[0-9A-Fa-f]{8}/, {
    charsMin: 44,
    isRight: endsInHex,
  }),
  row("bitbucket", "bitbucket-app-password", "ATBB", /ATBB[0-9A-Za-z]{24}[0-9A-F]{8}/, { charsMin: 36 }),
  row("trello", "trello-token", "ATTA", /ATTA[0-9a-f]{64}[0-9A-F]{8}/, { charsMin: 76 }),
  row("digitalocean", "digitalocean-token", "dop_v1_ doo_v1_ dor_v1_", /do[por]_v1_[0-9a-f]{64}/, {
    charsMin: 71,
  }),
  row("shopify", "shopify-token", "shpat_ shpca_ shppa_ shpss_", /shp(?:at|ca|pa|ss)_[0-9A-Fa-f]{32}/, {
    charsMin: 38,
  }),
  row("pypi", "pypi-token", "pypi-", /pypi-AgEIcHlwaS5vcmc[\w-]{50,1000}/, { charsMin: 70 }),
  row("huggingface", "huggingface-token", "hf_", /hf_[A-Za-z]{34}/, { charsMin: 37 }),
  row("huggingface", "huggingface-org-token", "api_org_", /api_org_[A-Za-z]{34}/, { charsMin: 42 }),
  row("telegram", "telegram-bot-token", ":AA", /[0-9]{5,16}:A[\w-]{34}/, { lead: { of: /[0-9]/, max: 16 } }),
  row("databricks", "databricks-token", "dapi", /dapi[0-9a-f]{32}(?:-[0-9])?/, {
    charsMin: 36,
    start: /^dapi[0-9a-f]{32}/,
  }),
  row("linear", "linear-key", "lin_api_ lin_oauth_", /lin_(?:api_[0-9A-Za-z]{40}|oauth_[0-9a-f]{64})/, {
    charsMin: 48,
  }),
  row("postman", "postman-key", "PMAK-", /PMAK-[0-9A-Fa-f]{24}-[0-9A-Fa-f]{34}/, { charsMin: 64 }),
  row("pulumi", "pulumi-token", "pul-", /pul-[0-9a-f]{40}/, { charsMin: 44, start: /^pul-[0-9a-f]{8}/ }),
  row("rubygems", "rubygems-key", "rubygems_", /rubygems_[0-9a-f]{48}/, { charsMin: 57 }),
  row("notion", "notion-token", "ntn_", /ntn_[0-9A-Za-z]{46}/, { charsMin: 50 }),
  row("newrelic", "newrelic-user-key", "NRAK-", /NRAK-[0-9A-Za-z]{27}/, { charsMin: 32 }),
  row("newrelic", "newrelic-insert-key", "NRII-", /NRII-[\w-]{32}/, { charsMin: 37 }),
  row("newrelic", "newrelic-browser-key", "NRJS-", /NRJS-[0-9a-f]{19}/, { charsMin: 24 }),
  row("sentry", "sentry-token", "sntrys_ sntryu_", /sntry(?:u_[0-9a-f]{64}|s_[\w+/=]{64,300})/, {
    charsMin: 71,
  }),
  row("flyio", "flyio-token", "fm1_ fm1r_ fm1a_ fm2_", /fm[12][ar]?_[\w+/=,]{100,1000}/, { charsMin: 104 }),
  row(
    "twilio",
    "twilio-key-sid",
    "SK0 SK1 SK2 SK3 SK4 SK5 SK6 SK7 SK8 SK9 SKa SKb SKc SKd SKe SKf",
    /SK[0-9a-f]{32}/,
    {
      charsMin: 34,
      start: /^SK[0-9a-f]{32}$/,
      near: /twilio/i,
    },
  ),
  row("mailgun", "mailgun-key", "key-", /key-[0-9a-f]{32}/, {
    charsMin: 36,
    start: /^key-[0-9a-f]{32}$/,
    near: /mailgun/i,
  }),
  row("heroku", "heroku-key", "HRKU-AA", /HRKU-AA[\w-]{58}/, { charsMin: 65 }),
  row(
    "dynatrace",
    "dynatrace-token",
    "dt0c01. dt0s01. dt0s16. dt0a01.",
    /dt0[a-z][0-9]{2}\.[0-9A-Z]{24}\.[0-9A-Z]{64}/,
    {
      charsMin: 96,
      start: /^dt0[a-z][0-9]{2}\./,
    },
  ),
  row("docker", "docker-token", "dckr_pat_ dckr_oat_", /dckr_(?:pat_[\w-]{27}|oat_[\w-]{32})/, {
    charsMin: 36,
  }),
  row(
    "doppler",
    "doppler-token",
    "dp.pt. dp.ct. dp.st. dp.sa. dp.scim. dp.audit.",
    /dp\.(?:pt|ct|sa|scim|audit)\.[0-9A-Za-z]{40,44}|dp\.st\.(?:[a-z0-9_-]{2,35}\.)?[0-9A-Za-z]{40,44}/,
    {
      charsMin: 46,
    },
  ),
  row("figma", "figma-token", "figd_", /figd_[\w-]{40}/, { charsMin: 45 }),
  row("airtable", "airtable-token", "pat", /pat[0-9A-Za-z]{14}\.[0-9a-f]{64}/, {
    start: /^pat[0-9A-Za-z]{14}\./,
    charsMin: 82,
  }),
  row("typeform", "typeform-token", "tfp_", /tfp_[\w.=-]{58}[0-9A-Za-z]/, { charsMin: 63 }),
  row("square", "square-token", "sq0atp- sq0csp-", /sq0(?:atp-[\w-]{22}|csp-[\w-]{43})/, { charsMin: 29 }),
  row("facebook", "facebook-token", "EAAM EAAC", /EAA[MC][0-9A-Za-z]{100,300}/, { charsMin: 104 }),
  row(
    "plaid",
    "plaid-token",
    "access-sandbox- access-development- access-production-",
    /access-(?:sandbox|development|production)-[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/,
    {
      charsMin: 51,
    },
  ),
  row(
    "planetscale",
    "planetscale-token",
    "pscale_tkn_ pscale_pw_ pscale_oauth_",
    /pscale_(?:tkn|pw|oauth)_[\w=.-]{31,63}[0-9A-Za-z]/,
    {
      charsMin: 42,
    },
  ),
  row("prefect", "prefect-key", "pnu_", /pnu_[0-9A-Za-z]{36}/, { charsMin: 40 }),
  row("readme", "readme-key", "rdme_", /rdme_[0-9a-z]{70}/, { charsMin: 75 }),
  row("shippo", "shippo-token", "shippo_live_ shippo_test_", /shippo_(?:live|test)_[0-9a-f]{40}/, {
    charsMin: 52,
  }),
  row("sonarqube", "sonarqube-token", "squ_ sqp_ sqa_", /sq[upa]_[0-9a-f]{40}/, { charsMin: 44 }),
  row("supabase", "supabase-token", "sbp_ sb_secret_", /sbp_[0-9a-f]{40}|sb_secret_[\w-]{22}_[\w-]{8}/, {
    charsMin: 41,
  }),
  row(
    "tailscale",
    "tailscale-key",
    "tskey-",
    /tskey-(?:auth|api|client|scim|webhook)-[0-9A-Za-z]{10,24}-[0-9A-Za-z]{16,40}/,
    {
      charsMin: 38,
    },
  ),
  row("adafruit", "adafruit-key", "aio_", /aio_[0-9A-Za-z]{28}/, { charsMin: 32 }),
  row("adobe", "adobe-client-secret", "p8e-", /p8e-[\w-]{32}/, { charsMin: 36 }),
  row("age", "age-secret-key", "AGE-SECRET-KEY-1", /AGE-SECRET-KEY-1[QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L]{58}/, {
    charsMin: 74,
  }),
  row("alibaba", "alibaba-access-key-id", "LTAI", /LTAI[0-9A-Za-z]{20}/, { charsMin: 24 }),
  row("artifactory", "artifactory-key", "AKCp", /AKCp[0-9A-Za-z]{69}/, { charsMin: 73 }),
  row("artifactory", "artifactory-reference-token", "cmVmd", /cmVmd[0-9A-Za-z]{59}/, { charsMin: 64 }),
  row("buildkite", "buildkite-token", "bkua_", /bkua_[0-9a-f]{40}/, { charsMin: 45 }),
  row("clojars", "clojars-token", "CLOJARS_", /CLOJARS_[0-9a-f]{60}/, { charsMin: 68 }),
  row("cloudflare", "cloudflare-origin-ca-key", "v1.0-", /v1\.0-[0-9a-f]{24}-[0-9a-f]{146}/, {
    charsMin: 176,
  }),
  row("contentful", "contentful-token", "CFPAT-", /CFPAT-[\w-]{43}/, { charsMin: 49 }),
  row("crates", "crates-token", "cio", /cio[0-9A-Za-z]{32}/, { start: /^cio[0-9A-Za-z]{32}$/ }),
  row("circleci", "circleci-token", "CCIPAT_ CCIPRJ_", /CCIP(?:AT|RJ)_[0-9A-Za-z]{22}_[0-9a-f]{40}/, {
    charsMin: 70,
  }),
  row("duffel", "duffel-token", "duffel_test_ duffel_live_", /duffel_(?:test|live)_[\w-]{43}/, {
    charsMin: 55,
  }),
  row("easypost", "easypost-key", "EZAK EZTK", /EZ[AT]K[0-9A-Za-z]{54}/, { charsMin: 58 }),
  row("flutterwave", "flutterwave-key", "FLWSECK", /FLWSECK(?:_TEST)?-[0-9a-f]{32}-X/, { charsMin: 42 }),
  row("frameio", "frameio-token", "fio-u-", /fio-u-[\w-]{64}/, { charsMin: 70 }),
  row("harness", "harness-token", "pat. sat.", /[ps]at\.[\w-]{22}\.[0-9a-f]{24}\.[0-9A-Za-z]{20}/, {
    start: /^[ps]at\.[\w-]{22}\./,
    charsMin: 72,
  }),
  row("infracost", "infracost-key", "ico-", /ico-[0-9A-Za-z]{32}/, { charsMin: 36 }),
  row("maxmind", "maxmind-license-key", "_mmk", /[0-9A-Za-z]{6}_[0-9A-Za-z]{29}_mmk/, {
    lead: { of: /[\w]/, max: 36 },
  }),
  row("nuget", "nuget-key", "oy2", /oy2[0-9a-z]{43}/, { start: /^oy2[0-9a-z]{43}$/ }),
  row("1password", "1password-service-account", "ops_eyJ", /ops_eyJ[\w+/]{250,1500}={0,3}/, {
    charsMin: 257,
  }),
  row("openshift", "openshift-token", "sha256~", /sha256~[\w-]{43}/, { charsMin: 50 }),
  row("sourcegraph", "sourcegraph-token", "sgp_", /sgp_(?:(?:[0-9a-f]{16}|local)_)?[0-9a-f]{40}/, {
    charsMin: 44,
  }),
  row(
    "hubspot",
    "hubspot-token",
    "pat-na1- pat-na2- pat-eu1-",
    /pat-(?:na1|na2|eu1)-[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/,
    {
      charsMin: 44,
    },
  ),
  row(
    "launchdarkly",
    "launchdarkly-key",
    "sdk- api-",
    /(?:sdk|api)-[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}/,
    {
      start: /^(?:sdk|api)-[0-9a-f]{8}-[0-9a-f]{4}-/,
      near: /launch.?darkly|\bld_/i,
      charsMin: 40,
    },
  ),
  row("mapbox", "mapbox-secret-token", "sk.eyJ", /sk\.eyJ[\w-]{60,200}\.[\w-]{22}/, { charsMin: 88 }),
  row(
    "braintree",
    "braintree-token",
    "access_token$",
    /access_token\$(?:production|sandbox)\$[0-9a-z]{16}\$[0-9a-f]{32}/,
    {
      charsMin: 70,
    },
  ),
  row("posthog", "posthog-personal-key", "phx_", /phx_[0-9A-Za-z]{43,48}/, { charsMin: 47 }),
  row("resend", "resend-key", "re_", /re_[0-9A-Za-z]{8}_[0-9A-Za-z]{24}/, {
    start: /^re_[0-9A-Za-z]{8}_[0-9A-Za-z]{24}$/,
  }),
  row(
    "azure",
    "azure-client-secret",
    "0Q~ 1Q~ 2Q~ 3Q~ 4Q~ 5Q~ 6Q~ 7Q~ 8Q~ 9Q~",
    /[0-9A-Za-z_~.]{3}\dQ~[\w~.-]{30,33}[\w~-]/,
    {
      lead: { of: /[\w~.]/, max: 3 },
    },
  ),
  row("discord", "discord-webhook", "discord.com/api/webhooks/", /[0-9]{17,20}\/[\w-]{60,80}/, {
    isBehind: true,
  }),
  // Not recognized by its start: rows above begin so too, and Token knows a JWT by itself.
  row("jwt", "jwt", "eyJ", /eyJ[\w-]{10,1000}\.eyJ[\w-]{8,4096}\.[\w-]{20,1400}/, {
    start: /^$/,
    isSound: isJwt,
  }),
  row("uuid", "uuid", "", null, { start: /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i }),
  row("hex", "hex", "", null, { start: /^(?:[0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{64})$/i }),
];

function row(kind: string, rule: string, anchors: string, body: RegExp | null, extras: Extras = {}): Format {
  return {
    kind,
    rule,
    anchors: anchors.split(" ").filter((anchor) => anchor !== ""),
    body,
    start: null,
    charsMin: 0,
    isRight: null,
    isSound: null,
    lead: null,
    isBehind: false,
    near: null,
    ...extras,
  };
}
