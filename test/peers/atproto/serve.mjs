// Starts a PLC directory and a PDS on loopback: `node serve.mjs FOLDER PLC_PORT PDS_PORT`; ends when standard input closes.
import { randomBytes } from "node:crypto";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { IdResolver } from "@atproto/identity";
import * as pdsModule from "@atproto/pds";
import * as plcModule from "@did-plc/server";
import { Secp256k1Keypair } from "@atproto/crypto";

const [folder, plcPort, pdsPort] = process.argv.slice(2);
const plc = plcModule.PlcServer.create({ db: plcModule.Database.mock(), port: Number(plcPort) });
await plc.start();
const plcUrl = `http://127.0.0.1:${plcPort}`;
for (const name of ["blobs", "temporary", "actors"]) mkdirSync(join(folder, name), { recursive: true });
const rotation = (await Secp256k1Keypair.create({ exportable: true })).export();
const env = {
  devMode: true, port: Number(pdsPort), hostname: "localhost", serviceDid: undefined, dataDirectory: folder,
  blobstoreDiskLocation: join(folder, "blobs"), blobstoreDiskTmpLocation: join(folder, "temporary"), actorStoreDirectory: join(folder, "actors"),
  didPlcUrl: plcUrl, serviceHandleDomains: [".test"], inviteRequired: false, disableSsrfProtection: true,
  jwtSecret: randomBytes(16).toString("hex"), adminPassword: randomBytes(16).toString("hex"),
  plcRotationKeyK256PrivateKeyHex: Buffer.from(await rotation).toString("hex"),
};
const config = pdsModule.envToCfg(env);
const secrets = pdsModule.envToSecrets(env);
const pds = await pdsModule.PDS.create(config, secrets, { idResolver: new IdResolver({ plcUrl, fetch: globalThis.fetch }) });
await pds.start();
process.stdout.write(`${JSON.stringify({ pds: `http://127.0.0.1:${pdsPort}` })}\n`);
process.stdin.resume().on("end", async () => {
  await pds.destroy();
  await plc.destroy();
  process.exit(0);
});
