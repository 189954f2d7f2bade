import { createHash } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Contender, Missing } from "../contenders.ts";
import { bearer, listedTokens } from "../tokens.ts";
import { configuredNginx, moduleFile } from "./nginx.ts";
import { spawned } from "./spawned.ts";

/** The second needs the first. */
const MODULES = ["ndk_http_module", "ngx_http_lua_module"];

/** Runs in nginx. SHA-256 is libcrypto's, called as lua-resty-string does, which Debian has not; digests are 32 raw bytes. */
const SCRIPT = `local ffi = require "ffi"
ffi.cdef[[
typedef struct { unsigned int h[8], Nl, Nh, data[16], num, md_len; } SHA256_CTX;
int SHA256_Init(SHA256_CTX *c);
int SHA256_Update(SHA256_CTX *c, const void *data, size_t len);
int SHA256_Final(unsigned char *md, SHA256_CTX *c);
]]
local C = ffi.C
local context = ffi.new("SHA256_CTX")
local digest = ffi.new("unsigned char[32]")
local digests = {}
local leaked = {}

function leaked.load(path)
  for line in io.lines(path) do
    digests[line:gsub("..", function(pair) return string.char(tonumber(pair, 16)) end)] = true
  end
end

function leaked.deny()
  local value = ngx.var.http_authorization
  if not value then return end
  C.SHA256_Init(context)
  C.SHA256_Update(context, value, #value)
  C.SHA256_Final(digest, context)
  if digests[ffi.string(digest, 32)] then return ngx.exit(403) end
end

return leaked
`;

/**
 * nginx with Lua, which denies a request when SHA-256 of its Authorization header is among digests. They stand in a table of
 * LuaJIT, read before the worker is forked: a dictionary in shared memory would take a lock and copy for each look.
 */
export function nginxLua(tokens: number): Contender | Missing {
  return spawned({
    family: "nginx-lua",
    program: "nginx",
    debian: "libnginx-mod-http-lua",
    tokens,
    looksIn: ["bearer"],
    lacks: [
      "this script looks at Authorization alone, as it is spelled: no cookie, query, path, other header, body or encoding",
      "SHA-256 without a key: who reads the file can try tokens against it",
    ],
    isComplete: () => MODULES.every((name) => moduleFile(name) !== null),
    commandFor: (place) => {
      const digests = join(place.folder, "digests.txt");
      const digestOf = (token: string) => createHash("sha256").update(bearer(token)).digest("hex");
      writeFileSync(digests, `${listedTokens(0, tokens).map(digestOf).join("\n")}\n`);
      writeFileSync(join(place.folder, "leaked.lua"), SCRIPT);
      return configuredNginx(place, {
        modules: MODULES,
        http: `lua_package_path "${place.folder}/?.lua;;";
    init_by_lua_block { require("leaked").load("${digests}") }`,
        server: `access_by_lua_block { require("leaked").deny() }`,
      });
    },
  });
}
