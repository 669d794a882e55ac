import type { LogDisk, MemoryLogDisk } from '@hansa/trust/ledger'
import { verifyLog } from '@hansa/trust/ledger'
import { describe, expect, it } from 'vitest'
import { outcomeOf } from '../harness/outcome.ts'
import { type TestKernelInit, TestMesh } from '../harness/test-mesh.ts'
import { allow, echo } from '../harness/two-orgs.ts'

/** More calls than leave a resume point behind when a kernel ends; two entries each. */
const CALLS = 600

/** A disk that counts the bytes of entries that are read. */
function counting(counted: { bytes: number }): (disk: MemoryLogDisk) => LogDisk {
  return (disk) =>
    new Proxy(disk, {
      get(target, name) {
        const member: unknown = Reflect.get(target, name)
        if (typeof member !== 'function') return member
        if (name !== 'read') return member.bind(target)
        return async (file: string, from: number, to: number) => {
          const bytes = await target.read(file, from, to)
          if (file.startsWith('entries-')) counted.bytes += bytes.length
          return bytes
        }
      },
    })
}

async function oneKernel(init: TestKernelInit = {}): Promise<TestMesh<'alice'>> {
  const policy = [{ name: 'alice', rules: [allow('all', 'agent:*', '*')] }]
  return await TestMesh.create({ kernels: { alice: { policy, ...init } } })
}

/** @param told what the capability was told, over all starts */
async function serve(mesh: TestMesh<'alice'>, told: unknown[] = []): Promise<void> {
  const limits = { calls_per_minute: 1_000_000, concurrent: CALLS }
  await mesh.kernel('alice').register({ ...echo, limits }, (args) => {
    told.push(args)
    return args
  })
}

async function work(mesh: TestMesh<'alice'>, calls = CALLS): Promise<void> {
  await serve(mesh)
  await call(mesh, calls)
}

async function call(mesh: TestMesh<'alice'>, calls = CALLS): Promise<void> {
  await Promise.all(Array.from({ length: calls }, () => mesh.kernel('alice').invoke('echo', { text: 'x' })))
}

/** Changes a byte in the middle of the first segment. */
async function damage(disk: MemoryLogDisk): Promise<void> {
  const name = 'entries-0000000000000000.hkl'
  const bytes = Buffer.from(await disk.read(name, 0, (await disk.size(name)) ?? 0))
  const at = bytes.indexOf('agent:local', bytes.length >> 1)
  bytes[at] = 0x41
  await disk.replace(name, bytes)
}

describe('a kernel whose disk does not say what became of a key', () => {
  it('refuses the call, says so once in its log, and holds nothing that belongs to it', async () => {
    let broken = true
    const wrapSettledKeys: TestKernelInit['wrapSettledKeys'] = (keys) => ({
      ...keys,
      find: (scope) => (broken ? Promise.reject(new Error('the disk')) : keys.find(scope)),
    })
    await using mesh = await oneKernel({ wrapSettledKeys })
    const alice = mesh.kernel('alice')
    const told: unknown[] = []
    await alice.register({ ...echo, limits: { calls_per_minute: 100, concurrent: 1 } }, (args) => {
      told.push(args)
      return args
    })
    const { token } = await alice.grant({ capability: 'echo', principal: 'agent:a', uses: 1 })
    const act = () => outcomeOf(alice.invoke('echo', { text: 'keyed' }, { idempotencyKey: 'k', token }))
    expect([await act(), await act()]).toEqual(['internal', 'internal'])
    const outcomes = (await alice.audit({ from: -10, limit: 10 })).filter(({ type }) => type === 'outcome')
    expect(outcomes.map(({ ext }) => ext)).toMatchObject(
      new Array(2).fill({ code: 'internal', stage: 'receive', reason: 'Error: the disk', status: 'denied' }),
    )
    broken = false
    expect([await act(), told.length]).toEqual(['released', 1])
  })
})

describe('a kernel that ended in good order', () => {
  it('starts again without reading its log from the beginning', async () => {
    const counted = { bytes: 0 }
    await using mesh = await oneKernel({ wrapDisk: counting(counted) })
    await work(mesh)
    await mesh.stop('alice')
    const [size, before] = [(await mesh.disk('alice').size('entries-0000000000000000.hkl')) ?? 0, counted.bytes]
    await mesh.start('alice')
    expect(counted.bytes - before).toBeLessThan(size / 4)
    await work(mesh, 3)
    await mesh.stop('alice')
    expect((await verifyLog(mesh.disk('alice'))).faults).toEqual([])
  })

  it('knows what it knew: keys, tokens, and the version of its policy', async () => {
    await using mesh = await oneKernel()
    await work(mesh)
    const first = mesh.kernel('alice')
    await first.invoke('echo', { text: 'keyed' }, { idempotencyKey: 'k' })
    const { token } = await first.grant({ capability: 'echo', principal: 'agent:a', uses: 1 })
    await first.invoke('echo', { text: 'once' }, { token })
    const { policy } = await first.status()
    await mesh.restart('alice')
    const told: unknown[] = []
    await serve(mesh, told)
    const second = mesh.kernel('alice')
    const again = await second.invoke('echo', { text: 'keyed' }, { idempotencyKey: 'k' })
    expect(again.value).toEqual({ text: 'keyed' })
    expect(await outcomeOf(second.invoke('echo', { text: 'once' }, { token }))).not.toBe('released')
    expect(told).toEqual([])
    expect((await second.status()).policy.version).toBe(policy.version + 1)
  })

  it('acts once under a key for a day, over restarts and resume points, and then again', async () => {
    await using mesh = await oneKernel()
    const told: unknown[] = []
    /** @returns how often the capability has acted under the key */
    const act = async () => {
      await mesh.kernel('alice').invoke('echo', { text: 'keyed' }, { idempotencyKey: 'k' })
      return told.filter((args) => (args as { text: string }).text === 'keyed').length
    }
    await serve(mesh, told)
    expect(await act()).toBe(1)
    for (const hours of [1, 22]) {
      await mesh.advance({ hours })
      await call(mesh)
      await mesh.restart('alice')
      await serve(mesh, told)
      expect(await act()).toBe(1)
    }
    await mesh.advance({ hours: 2 })
    expect(await act()).toBe(2)
  })

  it('verifies meanwhile what it has skipped, and ends when that was changed; the next start reads everything', async () => {
    await using mesh = await oneKernel()
    await work(mesh)
    await mesh.stop('alice')
    await damage(mesh.disk('alice'))
    await mesh.start('alice')
    expect(mesh.fatal('alice')).toBeUndefined()
    await mesh.advance({ seconds: 30 })
    expect(mesh.fatal('alice')).toMatchObject({ detail: { code: 'log_corrupt' } })
    expect(mesh.errors('alice')).toEqual([expect.stringContaining('log.damaged')])
    await mesh.stop('alice').catch(() => {})
    await expect(mesh.start('alice')).rejects.toMatchObject({ detail: { code: 'log_corrupt' } })
  })

  it('refuses an older copy of its log', async () => {
    await using mesh = await oneKernel()
    await work(mesh, 10)
    await mesh.stop('alice')
    const disk = mesh.disk('alice')
    const old = new Map<string, Uint8Array>()
    for (const name of await disk.list()) old.set(name, await disk.read(name, 0, (await disk.size(name)) ?? 0))
    await mesh.start('alice')
    await work(mesh)
    await mesh.stop('alice')
    for (const [name, bytes] of old) await disk.replace(name, bytes)
    await expect(mesh.start('alice')).rejects.toMatchObject({ detail: { code: 'log_rolled_back' } })
  })
})

describe('a kernel that lost power', () => {
  it('goes on from the last point, and closes what was open', async () => {
    await using mesh = await oneKernel()
    await work(mesh)
    await mesh.restart('alice')
    await serve(mesh)
    const hanging = Promise.withResolvers<void>()
    const begun = Promise.withResolvers<void>()
    await mesh.kernel('alice').register({ ...echo, id: 'slow' }, async (args) => {
      begun.resolve()
      await hanging.promise
      return args
    })
    void mesh
      .kernel('alice')
      .invoke('slow', { text: 'x' })
      .catch(() => {})
    await begun.promise
    mesh.lose('alice')
    hanging.resolve()
    await mesh.start('alice')
    const last = (await mesh.kernel('alice').audit({ from: -3, limit: 10 })).find(({ type }) => type === 'outcome')
    expect(last).toMatchObject({ cap: 'slow', ext: { status: 'outcome_unknown' } })
  })
})
