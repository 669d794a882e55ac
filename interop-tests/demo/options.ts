import { parseArgs } from 'node:util'

export type DemoOptions = { json: boolean; keep: boolean; help: boolean }

export const usage = `Two organisations, one governed call, on this machine.

  npm run demo                  shows what happens and why
  npm run demo -- --keep        keeps the homes and logs of both nodes, to look further
  npm run -s demo -- --json     prints one JSON object and nothing else; exit code 0 only if all of it holds
`

/** @throws TypeError for what is none of them. */
export function readOptions(argv: readonly string[]): DemoOptions {
  const flag = { type: 'boolean', default: false } as const
  const { values } = parseArgs({ args: [...argv], options: { json: flag, keep: flag, help: { ...flag, short: 'h' } } })
  return values
}
