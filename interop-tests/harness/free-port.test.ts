import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { freePort } from './free-port.ts'

const MODULE = JSON.stringify(new URL('./free-port.ts', import.meta.url).href)

test('no port is given twice while the process that has it runs, not even before somebody listens on it', async () => {
  const ports: number[] = []
  while (ports.length < 400) ports.push(await freePort())
  expect(new Set(ports).size).toBe(ports.length)
  const asks = `const { freePort } = await import(${MODULE}); const ports = []
    while (ports.length < 400) ports.push(await freePort()); console.log(JSON.stringify(ports))`
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', asks])
  const elsewhere: number[] = JSON.parse(stdout)
  expect(ports.filter((port) => elsewhere.includes(port))).toEqual([])
})
