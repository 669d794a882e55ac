import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { rm } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { expect, it } from 'vitest'
import { meshOfTest } from './mesh-of-test.ts'
import { ProcessMesh } from './process-mesh.ts'
import { childEnvironment } from './spawned-process.ts'

it('leaves no process behind when whoever made the mesh is killed', async () => {
  const script = `
    import { ProcessMesh } from ${JSON.stringify(join(import.meta.dirname, 'process-mesh.ts'))}
    const mesh = await ProcessMesh.create()
    const { endpoint } = await mesh.node('orga')
    console.log(JSON.stringify({ directory: mesh.directory, endpoint }))
    setInterval(() => {}, 1000)
  `
  const maker = spawn(process.execPath, ['--input-type=module', '-e', script], {
    env: childEnvironment,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const { value: line } = await createInterface({ input: maker.stdout })[Symbol.asyncIterator]().next()
  const { directory, endpoint } = JSON.parse(line ?? 'null') as { directory: string; endpoint: string }
  const socket = connect(Number(new URL(endpoint).port), '127.0.0.1')
  await once(socket, 'connect')
  const closed = once(socket, 'close')
  maker.kill('SIGKILL')
  await closed
  await expect(once(connect(Number(new URL(endpoint).port), '127.0.0.1'), 'connect')).rejects.toThrow('ECONNREFUSED')
  // It may still be writing its last lines.
  await rm(directory, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 })
})

it('says why a node does not start', async () => {
  await using mesh = await meshOfTest()
  const started = mesh.node('orga', { config: { listening: 'everywhere' }, policy: 'rules: [nonsense]' })
  await expect(started).rejects.toThrow(/^orga did not start \(code 3\):[\s\S]*listening/)
})

it('ends with it a node that is still starting', async () => {
  const mesh = await ProcessMesh.create()
  const orga = await mesh.prepare('orga')
  await orga.configure({})
  const starting = orga.start().catch(() => undefined)
  await mesh[Symbol.asyncDispose]()
  await starting
  expect(orga.logText()).toContain('ended with SIGKILL')
})

it('starts a node again on the same home and port, and keeps what each of its processes wrote', async () => {
  await using mesh = await meshOfTest()
  const node = await mesh.node('orga')
  const before = { did: node.did, endpoint: node.endpoint, control: node.control }
  const pids = [node.pid]
  await node.stop()
  await node.start()
  pids.push(node.pid)
  expect({ did: node.did, endpoint: node.endpoint, control: node.control }).toEqual(before)
  expect((await node.client.operator.status()).did).toBe(before.did)
  for (const pid of pids) expect(node.logText()).toContain(`"pid":${pid}`)
  expect(node.logText()).toContain('[ended with code 0]')
})
