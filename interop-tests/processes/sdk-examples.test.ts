/** The examples of the sdk, as a reader would run them: against a real node, to their end. */
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { showLogs } from '../harness/mesh-of-test.ts'
import { hansa } from '../harness/node-process.ts'
import { ProcessMesh } from '../harness/process-mesh.ts'
import { childEnvironment } from '../harness/spawned-process.ts'
import { type TwoNodes, twoNodes } from './two-nodes.ts'

/** A process has to start; machines of CI are slow. */
const POLL = { timeout: 20_000 }

const EXAMPLES = join(import.meta.dirname, '../../sdk/examples')

let mesh: ProcessMesh
let nodes: TwoNodes
beforeAll(async () => {
  mesh = await ProcessMesh.create()
  nodes = await twoNodes(mesh)
})
afterAll(() => mesh[Symbol.asyncDispose]())
afterEach(({ task }) => {
  if (task.result?.state === 'fail') showLogs(mesh)
})

/** @returns what it prints. @throws when it does not exit with 0. */
async function run(example: string, ...args: string[]): Promise<string> {
  const command = [join(EXAMPLES, example), ...args]
  return (await promisify(execFile)(process.execPath, command, { env: childEnvironment })).stdout
}

it('serve-a-capability.ts serves, calls and checks', async () => {
  expect(await run('serve-a-capability.ts', nodes.orga.control)).toContain('answered {"words":4}')
})

it('handle-approval.ts waits for a person, acts once, and is refused from then on', async () => {
  const said = await run('handle-approval.ts', nodes.orga.control)
  expect(said).toContain('cleared drafts')
  expect(said).toContain('{"folder":"everything"} is refused: approval_required')
})

it('agent.ts serves as its agent, comes back after its node, and ends with its credential', async () => {
  const { orga } = nodes
  const credentialFile = join(orga.home, 'credential')
  await writeFile(credentialFile, await hansa('agent', 'add', 'reverser', '--home', orga.home), { mode: 0o600 })
  const env = { ...childEnvironment, HANSA_CONTROL: orga.control, HANSA_CREDENTIAL_FILE: credentialFile }
  const agent = spawn(process.execPath, [join(EXAMPLES, 'agent.ts')], { env, stdio: ['ignore', 'pipe', 'pipe'] })
  const ended = once(agent, 'exit')
  try {
    const reversed = async () => {
      const frame = await orga.client.invoke('local.reverse', { text: 'abc' }).catch(() => undefined)
      return (frame?.value as { text?: string } | undefined)?.text
    }
    await expect.poll(reversed, POLL).toBe('cba')
    await orga.stop()
    await orga.start()
    await expect.poll(reversed, POLL).toBe('cba')
    await hansa('agent', 'remove', 'reverser', '--home', orga.home)
    expect((await ended)[0]).not.toBe(0)
    await expect(orga.client.invoke('local.reverse', { text: 'abc' })).rejects.toMatchObject({
      detail: { code: 'busy' },
    })
  } finally {
    agent.kill('SIGKILL')
  }
})

it('discover-import-call.ts finds a kernel, imports it, calls it, and takes the import away again', async () => {
  const { orga, orgb } = nodes
  const said = await run('discover-import-call.ts', orga.control, orgb.endpoint, 'note', '{"text":"hello"}')
  expect(said).toContain(`found ${orgb.did}`)
  expect(said).toContain(`data from ${orgb.did}`)
  expect((await orga.client.operator.peers()).map(({ alias }) => alias)).toEqual(['orgb'])
})
