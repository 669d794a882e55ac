/** The examples of the sdk, as a reader would run them: against a real node, to their end. */
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { showLogs } from '../harness/mesh-of-test.ts'
import { ProcessMesh } from '../harness/process-mesh.ts'
import { childEnvironment } from '../harness/spawned-process.ts'
import { type TwoNodes, twoNodes } from './two-nodes.ts'

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

it('discover-import-call.ts finds a kernel, imports it, calls it, and takes the import away again', async () => {
  const { orga, orgb } = nodes
  const said = await run('discover-import-call.ts', orga.control, orgb.endpoint, 'note', '{"text":"hello"}')
  expect(said).toContain(`found ${orgb.did}`)
  expect(said).toContain(`data from ${orgb.did}`)
  expect((await orga.client.operator.peers()).map(({ alias }) => alias)).toEqual(['orgb'])
})
