#!/usr/bin/env node
import { join } from "node:path";
import { root, runNode } from "./node24.mjs";

process.exitCode = await runNode(["--disable-warning=ExperimentalWarning", join(root, "src", "cli", "main.ts"), ...process.argv.slice(2)]);
