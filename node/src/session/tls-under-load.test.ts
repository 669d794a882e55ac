/** Two kernels over TLS whose connection breaks again and again while calls are under way: real sockets, a cutter between them. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { selfSignedCertificate } from '@hansa/mesh'
import { type CapabilityDefinition, silentLogger } from '@hansa/protocols'
import { expect, it, onTestFinished } from 'vitest'
import { createKernel } from '../create-kernel.ts'
import { ServedCertificate } from '../gateway/served-certificate.ts'
import { systemClock } from '../system-clock.ts'

const note: CapabilityDefinition = {
  ...{ id: 'test.note', title: 'Note', description: 'Writes a number down.', safety: 'WRITE' },
  input: { type: 'object' },
  output: { type: 'object' },
  limits: { calls_per_minute: 10_000, concurrent: 100 },
}
const policy = (subject: string, resource: string) => [
  {
    name: 'p',
    text: `rules: [{ id: all, effect: allow, subject: "${subject}", action: invoke, resource: "${resource}" }]`,
  },
]

async function certificateFor(host: string): Promise<ServedCertificate> {
  const directory = await mkdtemp(join(tmpdir(), 'hansa-tls-load-'))
  onTestFinished(() => rm(directory, { recursive: true, force: true }))
  const now = Math.floor(Date.now() / 1000)
  const pair = selfSignedCertificate({ hosts: [host], notBefore: now - 60, notAfter: now + 86_400 })
  const files = { certificate: join(directory, 'tls.crt'), key: join(directory, 'tls.key') }
  await writeFile(files.key, pair.key, { mode: 0o600 })
  await writeFile(files.certificate, pair.cert)
  const opened = await ServedCertificate.open({ files }, { clock: systemClock, logger: silentLogger })
  if (!opened.ok) throw new Error(opened.faults.join('\n'))
  return opened.certificate
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

/** Passes bytes on, until it is told to cut everything. */
async function cutter() {
  const sockets = new Set<Socket>()
  let target = 0
  const server = createServer((incoming) => {
    const onward = connect(target, '127.0.0.1')
    for (const [one, other] of [
      [incoming, onward],
      [onward, incoming],
    ] as const) {
      sockets.add(one)
      one.pipe(other)
      one.on('error', () => other.destroy())
      one.on('close', () => {
        sockets.delete(one)
        other.destroy()
      })
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const cut = () => {
    for (const socket of sockets) socket.destroy()
  }
  onTestFinished(async () => {
    cut()
    await new Promise((resolve) => server.close(resolve))
  })
  return {
    cut,
    url: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
    to(port: number) {
      target = port
    },
  }
}

it('does nothing twice, answers every call, and goes on over a new channel each time', {
  timeout: 60_000,
}, async () => {
  const wire = await cutter()
  const port = await freePort()
  wire.to(port)
  const common = { allowPrivate: true } as const
  await using a = await createKernel({
    ...common,
    listen: { host: '127.0.0.1', port: 0 },
    policy: policy('*', 'b/*'),
  })
  await using b = await createKernel({
    ...{
      ...common,
      listen: { host: '127.0.0.1', port },
      publicUrl: wire.url,
      certificate: await certificateFor('127.0.0.1'),
    },
    ...{ peers: [{ did: a.did, alias: 'a', standing: 800 }], policy: policy('peer:a', '*') },
    inFlight: { perPeer: 100 },
  })
  const written = new Map<number, number>()
  let running: PromiseWithResolvers<void> | undefined
  await b.register(note, (args) => {
    const { n } = args as { n: number }
    written.set(n, (written.get(n) ?? 0) + 1)
    running?.resolve()
    return { n }
  })
  const { peers, faults } = await a.discoverPeers({ peerUrls: [wire.url], did: b.did })
  expect(faults).toEqual([])
  await a.importRemote({ manifest: peers[0]?.signed ?? '', as: 'b' })
  const released: number[] = []
  const codes = new Set<string>()
  let n = 0
  const round = async (cuts: boolean): Promise<number> => {
    const before = released.length
    running = Promise.withResolvers<void>()
    const calls = Array.from({ length: 16 }, () => {
      const own = n++
      return a.invoke('b/test.note', { n: own }).then(
        () => released.push(own),
        (error: { detail?: { code: string } }) => codes.add(error.detail?.code ?? 'a bug'),
      )
    })
    if (cuts) {
      // While the peer is cut off nothing reaches it.
      await Promise.race([running.promise, Promise.all(calls)])
      wire.cut()
    }
    await Promise.all(calls)
    return released.length - before
  }
  // A peer whose connections break is cut off, and looked for again after a second.
  const found = async () => {
    await expect.poll(() => round(false), { timeout: 20_000, interval: 250 }).toBe(16)
  }
  for (let times = 0; times < 3; times++) {
    await found()
    await round(true)
  }
  await found()
  expect([...written.values()].filter((times) => times !== 1)).toEqual([])
  expect(released.filter((own) => !written.has(own))).toEqual([])
  const known = ['outcome_unknown', 'remote_refused', 'handshake_failed', 'busy', 'deadline']
  expect([...codes].filter((code) => !known.includes(code))).toEqual([])
  const entries = await b.audit({ limit: 1_000 })
  const of = (type: string) => new Set(entries.filter((one) => one.type === type).map(({ call_id }) => call_id))
  expect([...of('intent.accepted')].filter((id) => !of('outcome').has(id))).toEqual([])
})
