<?php
// PHP's built-in server with what PHP itself parses: $_GET, $_POST, $_FILES, $_COOKIE, PHP_AUTH_*, php://input.

$wanted = json_decode(getenv("WANTED"));
$found = [];
$at = [];

function add(string $place, mixed $value): void
{
    global $wanted, $found, $at;
    if (is_array($value)) {
        foreach ($value as $each) {
            add($place, $each);
        }
    } elseif (is_string($value)) {
        if (in_array($value, $wanted, true)) {
            $found[$value] = true;
            $at[$place] = true;
        }
        if (preg_match('/^\s*[\[{]/', $value)) {
            add("$place, JSON", json_decode($value, true));
        }
    }
}

add("header", $_SERVER["HTTP_X_API_KEY"] ?? null);
add("authorization", preg_replace('/^\w+[ \t]+/', "", $_SERVER["HTTP_AUTHORIZATION"] ?? ""));
if (preg_match('/^basic[ \t]+(.*)$/i', $_SERVER["HTTP_AUTHORIZATION"] ?? "", $basic)) {
    // As frameworks do where PHP_AUTH_USER is not set by the server.
    add("basic", explode(":", base64_decode($basic[1]), 2));
}
add("basic user", $_SERVER["PHP_AUTH_USER"] ?? null);
add("basic password", $_SERVER["PHP_AUTH_PW"] ?? null);
add("cookie", $_COOKIE);
add("query", $_GET);
$path = explode("?", $_SERVER["REQUEST_URI"], 2)[0];
add("path", array_map("rawurldecode", explode("/", $path)));
if (preg_match('~^/bot([^/]+)/~', $path, $bot)) {
    add("path", rawurldecode($bot[1]));
}
add("form", $_POST);
foreach ($_FILES as $file) {
    if (is_string($file["tmp_name"]) && $file["tmp_name"] !== "") {
        add("file", file_get_contents($file["tmp_name"]));
    }
}
$input = file_get_contents("php://input");
add("text", $input);
$body = json_decode($input, true);
if (is_string($body["message"]["data"] ?? null)) {
    add("message data", base64_decode($body["message"]["data"]));
}

header("Content-Type: application/json");
echo json_encode(["found" => array_map("strval", array_keys($found)), "at" => array_keys($at)]);
