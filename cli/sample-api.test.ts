import { afterAll, beforeAll, expect, test } from "vitest";
import { type SampleApi, startSampleApi } from "./sample-api.ts";

let api: SampleApi;
beforeAll(async () => {
  api = await startSampleApi();
});
afterAll(() => api.close());

test("lists its calls, users and orders", async () => {
  expect(await (await fetch(`${api.url}/`)).json()).toMatchObject({ calls: expect.any(Array) });
  expect(await (await fetch(`${api.url}/users/2`)).json()).toEqual({ id: 2, name: "Grace" });
  expect(await (await fetch(`${api.url}/orders`)).json()).toMatchObject({ orders: [{ id: 1 }, { id: 2 }] });
  expect((await fetch(`${api.url}/`, { method: "HEAD" })).headers.get("content-length")).not.toBe("0");
});

test("takes an order, refuses half of one", async () => {
  const order = (body: unknown) => fetch(`${api.url}/orders`, { method: "POST", body: JSON.stringify(body) });
  const taken = await order({ user: 1, item: "tea", pieces: 2 });
  expect(taken.status).toBe(201);
  const { id } = (await taken.json()) as { id: number };
  expect(await (await fetch(`${api.url}/orders/${id}`)).json()).toMatchObject({ item: "tea" });
  expect((await order({ user: 9, item: "tea", pieces: 2 })).status).toBe(422);
  expect((await order({ user: 1, item: "made-up-token-0001", pieces: 2 })).status).toBe(422);
  expect((await order(null)).status).toBe(422);
});

test("says nothing of the values that arrive, wherever they stand", async () => {
  const token = "made-up-token-0001";
  const headers = { [token]: "x", "x-api-key": token, authorization: `Bearer ${token}` };
  for (const path of [
    "/",
    `/${token}`,
    `/users/${token}`,
    `/echo?key=${token}`,
    `/echo?${token}`,
    "/echo",
    "/orders",
  ]) {
    const answer = await fetch(api.url + path, { method: "POST", headers, body: `{"item":"${token}"}` });
    expect(await answer.text()).not.toContain(token);
  }
  const echo = await (await fetch(`${api.url}/echo?key=${token}`, { headers })).json();
  expect(echo).toMatchObject({
    method: "GET",
    queryParameters: 1,
    headers: expect.arrayContaining(["x-api-key"]),
  });
});

test("survives what is not HTTP's usual", async () => {
  expect((await fetch(`${api.url}/echo`, { method: "POST", body: "x".repeat(200_000) })).status).toBe(200);
  expect((await fetch(`${api.url}/orders`, { method: "POST", body: "x".repeat(200_000) })).status).toBe(413);
  expect((await fetch(`${api.url}//`)).status).toBe(200);
});
