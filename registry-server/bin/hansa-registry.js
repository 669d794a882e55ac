#!/usr/bin/env node
// Starts src/main.ts in the workspace and dist/main.js in the published package. The sources need Node 24, which the
// workspace carries, so an older Node hands over to that one.
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

const NEEDED = 24

const here = fileURLToPath(import.meta.url)
const home = dirname(dirname(here))
const source = join(home, 'src', 'main.ts')
const main = existsSync(source) ? source : join(home, 'dist', 'main.js')

if (Number(process.versions.node.split('.')[0]) >= NEEDED) {
  await import(pathToFileURL(main).href)
} else {
  const node = carriedNode(home)
  if (node === undefined) {
    process.stderr.write(
      `hansa-registry needs Node ${NEEDED} and this is ${process.version}. Install it, or run "npm run setup" in the workspace.\n`,
    )
    process.exitCode = 1
  } else {
    handOver(node)
  }
}

/** The nearest node_modules/.bin/node above. */
function carriedNode(from) {
  for (let folder = from; ; folder = dirname(folder)) {
    const node = join(folder, 'node_modules', '.bin', 'node')
    if (existsSync(node)) return node
    if (folder === dirname(folder)) return undefined
  }
}

/** The channel tells the child when this process is gone, also when it was killed. */
function handOver(node) {
  const child = spawn(node, [here, ...process.argv.slice(2)], { stdio: ['inherit', 'inherit', 'inherit', 'ipc'] })
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP']) process.on(signal, () => child.kill(signal))
  child.on('exit', (code, signal) => {
    process.exitCode = code ?? (signal === null ? 1 : 128)
    if (child.connected) child.disconnect()
  })
}
