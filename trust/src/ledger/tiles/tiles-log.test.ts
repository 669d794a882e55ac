import { describe, expect, it } from 'vitest'
import { sha256 } from '../../encoding/hash.ts'
import { formatCheckpoint } from '../checkpoint.ts'
import { type CosignerKey, cosignerKey } from '../cosignature.ts'
import { COSIGNED_FILE } from '../log-files.ts'
import { memoryLogDisk } from '../memory-log-disk.ts'
import { aDraft, LOG_KEY, MALLORY_LOG_KEY, openOn, writeLog } from '../testing/fixture.ts'
import { type MemoryTileStore, memoryTileStore } from '../testing/memory-tile-store.ts'
import { witnessQuorum } from '../tlog-policy.ts'
import { verifyLog } from '../verify-log.ts'
import { encodeBundle, readBundle } from './entry-bundle.ts'
import { tilesLog } from './tiles-log.ts'
import { writeTiles } from './write-tiles.ts'

const { vkey } = LOG_KEY

async function someTiles(count: number): Promise<MemoryTileStore> {
  const disk = memoryLogDisk()
  await writeLog(disk, count - 1)
  const store = memoryTileStore()
  await writeTiles(disk, store)
  return store
}

const verdictOf = async (store: MemoryTileStore) => (await verifyLog(tilesLog(store), { vkey })).verdict

const changed = (bytes: Uint8Array, at: number) => {
  const copy = Uint8Array.from(bytes)
  copy[at] = (copy[at] ?? 0) ^ (1 << (at % 8))
  return copy
}

describe('the verifier of a tiled log', () => {
  it('says the same of the entries as it says of the log that they come from', async () => {
    const disk = memoryLogDisk()
    await writeLog(disk, 299)
    const store = memoryTileStore()
    await writeTiles(disk, store)
    const { label: _label, checkpoints: _roots, ...expected } = await verifyLog(disk, { vkey })
    expect(await verifyLog(tilesLog(store), { vkey })).toMatchObject(expected)
  })

  it('finds every byte that is another in any tile, and in the checkpoint', async () => {
    const store = await someTiles(9)
    const missed: string[] = []
    for (const [path, bytes] of store.files) {
      for (let at = 0; at < bytes.length; at += path.startsWith('tile/entries') ? 3 : 1) {
        store.files.set(path, changed(bytes, at))
        if ((await verdictOf(store)) !== 'violation') missed.push(`${path} at ${at}`)
      }
      store.files.set(path, bytes)
    }
    expect(await verdictOf(store)).toBe('clean')
    // The name of the key and its id say whose signature it is: then it is nobody's that counts.
    expect(missed).toEqual([])
  }, 60_000)

  it('finds a byte, a cut, an addition, an omission and an exchange in every tile of several levels', async () => {
    const store = await someTiles(700)
    const paths = [...store.files.keys()].filter((path) => path !== 'checkpoint')
    expect(paths).toHaveLength(7)
    const missed: string[] = []
    const attempt = async (name: string, mallory: (files: Map<string, Uint8Array>) => void) => {
      const copy = store.copy()
      mallory(copy.files)
      if ((await verdictOf(copy)) !== 'violation') missed.push(name)
    }
    for (const path of paths) {
      const bytes = store.files.get(path) ?? new Uint8Array()
      for (const at of [0, 1, Math.floor(bytes.length / 2), bytes.length - 1]) {
        await attempt(`${path} at ${at}`, (files) => files.set(path, changed(bytes, at)))
      }
      await attempt(`${path} cut`, (files) => files.set(path, bytes.subarray(0, -1)))
      await attempt(`${path} cut by a hash`, (files) => files.set(path, bytes.subarray(0, -32)))
      await attempt(`${path} emptied`, (files) => files.set(path, new Uint8Array()))
      await attempt(`${path} longer`, (files) => files.set(path, Buffer.concat([bytes, Buffer.alloc(1)])))
      await attempt(`${path} left out`, (files) => files.delete(path))
      for (const other of paths) {
        if (other === path) continue
        await attempt(`${path} in place of ${other}`, (files) => files.set(other, bytes))
      }
    }
    expect(missed).toEqual([])
  }, 60_000)

  it('names the tile and the entry', async () => {
    const store = await someTiles(300)
    const path = 'tile/entries/001.p/44'
    const bytes = Buffer.from(store.files.get(path) ?? [])
    const { entries } = readBundle(bytes, 44)
    const text = entries[10]?.toString().replace('agent:alice', 'agent:mally') ?? ''
    store.files.set(path, encodeBundle(entries.map((entry, at) => (at === 10 ? Buffer.from(text) : entry))))
    const { faults } = await verifyLog(tilesLog(store), { vkey })
    expect(faults.map(({ code, file, seq }) => ({ code, file, seq }))).toEqual(
      expect.arrayContaining([
        { code: 'chain_broken', file: path, seq: 267 },
        { code: 'hash_mismatch', file: path, seq: 266 },
      ]),
    )
    expect(faults.every(({ text: one }) => !one.includes('.hkl'))).toBe(true)
  })

  it('names where an entry cannot be read, in bytes of the tile', async () => {
    const store = await someTiles(20)
    const path = 'tile/entries/000.p/20'
    const bytes = Buffer.from(store.files.get(path) ?? [])
    const { entries } = readBundle(bytes, 20)
    const at = encodeBundle(entries.slice(0, 5)).length
    bytes.writeUInt16BE(0, at)
    store.files.set(path, bytes)
    const { faults } = await verifyLog(tilesLog(store), { vkey })
    expect(faults[0]).toMatchObject({ code: 'record_damaged', file: path, offset: at, seq: 5 })
    expect(faults.some(({ text }) => text.includes(`byte ${at} of ${path}`))).toBe(true)
  })

  it('finds a narrower tile of an older checkpoint that is another', async () => {
    const disk = memoryLogDisk()
    const store = memoryTileStore()
    const { ledger } = await openOn(disk)
    for (const size of [10, 20]) {
      while (ledger.size < size) ledger.append(aDraft(ledger.size))
      await ledger.cut()
      await writeTiles(disk, store)
    }
    await ledger.close()
    expect(await verdictOf(store)).toBe('clean')
    for (const path of ['tile/0/000.p/10', 'tile/entries/000.p/10']) {
      const copy = store.copy()
      copy.files.set(path, changed(copy.files.get(path) ?? new Uint8Array(), 40))
      expect(await verdictOf(copy)).toBe('violation')
    }
  })

  it('takes a full tile where the partial one was removed already, and nothing behind the checkpoint', async () => {
    const [disk, store, later] = [memoryLogDisk(), memoryTileStore(), memoryTileStore()]
    const { ledger } = await openOn(disk)
    while (ledger.size < 100) ledger.append(aDraft(ledger.size))
    await ledger.cut()
    await writeTiles(disk, store)
    while (ledger.size < 300) ledger.append(aDraft(ledger.size))
    await ledger.close()
    await writeTiles(disk, later)
    later.files.set('checkpoint', store.files.get('checkpoint') ?? new Uint8Array())
    const report = await verifyLog(tilesLog(later), { vkey })
    expect(report).toMatchObject({ verdict: 'clean', size: 100 })
    expect(report.remarks.join()).toContain('the checkpoint does not cover')
  })

  it('is not kept busy by a checkpoint that claims more entries than there are files', async () => {
    const store = await someTiles(20)
    const head = { origin: LOG_KEY.name, size: Number.MAX_SAFE_INTEGER, root: 'A'.repeat(43) }
    store.files.set('checkpoint', Buffer.from(LOG_KEY.sign(formatCheckpoint(head))))
    const { faults } = await verifyLog(tilesLog(store), { vkey })
    expect(faults.map(({ code }) => code)).toEqual(expect.arrayContaining(['tile_missing', 'log_truncated']))
  })

  it('carries what witnesses cosigned, and counts it as a quorum; mallory is no witness', async () => {
    const disk = memoryLogDisk()
    await writeLog(disk, 29)
    const witness = cosignerKey('w.example', sha256('a witness'))
    const mallory = cosignerKey('w.example', sha256('mallory'))
    const note = Buffer.from(await disk.read('checkpoint', 0, 10_000)).toString()
    const text = note.slice(0, note.lastIndexOf('\n\n') + 1)
    const quorum = async (by: CosignerKey) => {
      disk.tamper(COSIGNED_FILE, Buffer.from(`${note}${by.cosign(text, 1_800_000_000)}`))
      const store = memoryTileStore()
      await writeTiles(disk, store)
      const reading = witnessQuorum([witness.vkey])
      if (!reading.ok) throw new Error('no policy')
      return verifyLog(tilesLog(store), { vkey, witnesses: reading.policy })
    }
    expect(await quorum(witness)).toMatchObject({ verdict: 'clean', quorum: { reached: true, size: 30 } })
    expect(await quorum(mallory)).toMatchObject({ verdict: 'incomplete', quorum: { reached: false } })
  })

  it('shows the newest checkpoint as it is when witnesses have cosigned an older one', async () => {
    const disk = memoryLogDisk()
    await writeLog(disk, 9)
    disk.tamper(COSIGNED_FILE, await disk.read('checkpoint', 0, 10_000))
    await writeLog(disk, 9)
    const store = memoryTileStore()
    expect(await writeTiles(disk, store)).toMatchObject({ size: 19 })
    expect(store.files.get('checkpoint')).toEqual(new Uint8Array(await disk.read('checkpoint', 0, 10_000)))
  })

  it('remarks on what is no tile', async () => {
    const store = await someTiles(5)
    store.files.set('tile/readme', Buffer.from('hello'))
    const report = await verifyLog(tilesLog(store), { vkey })
    expect(report).toMatchObject({ verdict: 'clean', remarks: [expect.stringContaining('tile/readme')] })
  })

  it('finds a history that mallory signed with another key, and with the true one against a kept checkpoint', async () => {
    const [honest, rewritten] = [await someTiles(20), memoryLogDisk()]
    const { ledger } = await openOn(rewritten)
    while (ledger.size < 30) ledger.append(aDraft(ledger.size + 1))
    await ledger.close()
    const store = memoryTileStore()
    await writeTiles(rewritten, store)
    expect(await verdictOf(store)).toBe('clean')
    const kept = await verifyLog(tilesLog(honest), { vkey })
    const remembered = kept.checkpoint
    if (remembered === undefined) throw new Error('no checkpoint')
    const report = await verifyLog(tilesLog(store), { vkey, remembered })
    expect(report.faults.map(({ code }) => code)).toEqual(['history_rewritten'])
    const head = ledger.head()
    store.files.set('checkpoint', Buffer.from(MALLORY_LOG_KEY.sign(formatCheckpoint(head))))
    expect((await verifyLog(tilesLog(store), { vkey })).faults.map(({ code }) => code)).toContain('checkpoint_forged')
  })
})
