import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { claimAt, nameOf, roleOf, valuesOf } from "./claims.ts";

const rolesOf = (admin: string[], analyst: string[] = [], viewer: string[] = []) => ({ admin, analyst, viewer });

describe("claims", () => {
  it("are found under their whole name, along dots, and along a list of names", () => {
    const claims = { "a.b": 1, a: { b: 2, c: { d: 3 } }, "https://x.example/roles": 4 };
    assert.deepEqual(
      ["a.b", "a.c.d", "a.x", "x.y", ["a", "b"], ["https://x.example/roles"]].map((path) => claimAt(claims, path)),
      [1, 3, undefined, undefined, 2, 4],
    );
    assert.equal(claimAt(claims, "constructor.name"), undefined);
    assert.equal(claimAt(claims, "a.__proto__"), undefined);
  });

  it("give values from lists, texts with spaces and objects, and nothing from anything else", () => {
    assert.deepEqual(valuesOf(["a", 1, null, "b c"]), ["a", "b c"]);
    assert.deepEqual(valuesOf(" a  b\tc "), ["a", "b", "c"]);
    assert.deepEqual(valuesOf({ a: {}, b: true }), ["a", "b"]);
    assert.deepEqual([valuesOf(undefined), valuesOf(7), valuesOf(true), valuesOf(null)], [[], [], [], []]);
  });

  it("give the highest role that fits, exactly, and none where nothing does", () => {
    const config = { rolesClaim: "groups", roles: rolesOf(["boss"], ["desk"], ["guest", "Floor 3"]) };
    const roleFor = (groups: unknown) => roleOf({ groups }, config);
    assert.equal(roleFor(["guest", "boss", "desk"]), "admin");
    assert.equal(roleFor("guest desk"), "analyst");
    assert.equal(roleFor("Floor 3"), "viewer");
    assert.equal(roleFor(["Boss", "boss "]), undefined);
    assert.equal(roleFor(undefined), undefined);
  });

  it("let everybody in by a star of the configuration, never by one of a claim", () => {
    assert.equal(roleOf({}, { rolesClaim: "groups", roles: rolesOf(["boss"], [], ["*"]) }), "viewer");
    assert.equal(roleOf({ groups: ["boss"] }, { rolesClaim: "groups", roles: rolesOf(["boss"], [], ["*"]) }), "admin");
    assert.equal(roleOf({ groups: ["*"] }, { rolesClaim: "groups", roles: rolesOf(["boss"]) }), undefined);
  });

  it("name a user in small letters, without what could stand for somebody else", () => {
    const name = (said: unknown) => nameOf({ preferred_username: said }, { nameClaim: "preferred_username" }, "https://i.example", "s1");
    assert.equal(name("Ann.Müller@corp.example"), "ann-muller");
    assert.equal(name("ann/EARSHOT token"), "ann-earshot-token");
    assert.equal(name("x".repeat(300)), "x".repeat(40));
    assert.equal(name("Admin"), "admin-user");
    assert.equal(name("configuration"), "configuration-user");
    for (const nothing of [undefined, 7, "", "@corp.example", "Иван", "---"]) assert.match(name(nothing), /^user-[0-9a-f]{8}$/);
    assert.notEqual(nameOf({}, { nameClaim: "n" }, "i", "1"), nameOf({}, { nameClaim: "n" }, "i", "2"));
  });
});
