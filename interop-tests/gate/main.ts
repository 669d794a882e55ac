/**
 * The gate: types, lint and format, then every test. `npm test` is this. Each step says what it is and how long it
 * took; the first one that fails ends it.
 */
import { spawnSync } from 'node:child_process'

const steps = [
  { name: 'types', command: ['tsc', '-b'] },
  { name: 'lint and format', command: ['biome', 'check', '--error-on-warnings', '.'] },
  { name: 'tests', command: ['vitest', 'run', ...process.argv.slice(2)] },
] as const

for (const { name, command } of steps) {
  const started = performance.now()
  console.log(`\n== ${name}`)
  const [program, ...args] = command
  const { status } = spawnSync(program, args, { stdio: 'inherit' })
  console.log(`== ${name}: ${status === 0 ? 'ok' : 'FAILED'} in ${((performance.now() - started) / 1000).toFixed(1)} s`)
  if (status !== 0) process.exit(status ?? 1)
}
