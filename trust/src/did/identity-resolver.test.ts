import { type Did, isDid } from '@hansa/protocols'
import { type ManualClock, manualClock } from '@hansa/protocols/testing'
import { beforeEach, describe, expect, it } from 'vitest'
import { alice, bob, mallory } from '../testing/actors.ts'
import { documentOf, signingKey, TestDid } from '../testing/did-logs.ts'
import { NOW } from '../testing/manifests.ts'
import { type DidFile, type DidMemory, identityResolver, type RememberedDid } from './identity-resolver.ts'
import { keyWindows } from './key-windows.ts'
import { multikeyOf } from './multikey.ts'

const [first, second] = [signingKey('bob', 1), signingKey('bob', 2)]

let clock: ManualClock
let host: Map<string, Uint8Array>
let asked: string[]
let down: boolean
let forks: string[]
let strangers: Set<Did>

beforeEach(() => {
  clock = manualClock(NOW * 1000)
  host = new Map()
  asked = []
  down = false
  forks = []
  strangers = new Set()
})

function open(memory?: DidMemory, pinned?: (did: Did) => readonly string[]) {
  return identityResolver({
    clock,
    async fetch({ host: name }, file): Promise<DidFile> {
      asked.push(`${name}/${file}`)
      const bytes = host.get(`${name}/${file}`)
      if (down || bytes === undefined) return { ok: false, missing: !down, reason: down ? 'no answer' : 'not found' }
      return { ok: true, bytes }
    },
    ...(memory === undefined ? {} : { memory }),
    ...(pinned === undefined ? {} : { pinned }),
    isKnown: (did) => !strangers.has(did),
    forked: (did, reason) => forks.push(`${did} ${reason}`),
  })
}

function publish(did: TestDid): TestDid {
  host.set('bob.example/did.jsonl', did.bytes)
  return did
}

const wait = (seconds: number) => clock.advance(seconds * 1000)
const outcome = async (resolver: ReturnType<typeof open>, kid: string) => {
  const resolution = await resolver.resolve(kid, 'assertionMethod')
  return resolution.ok ? 'ok' : resolution.reason
}

function memoryOf(): DidMemory & { all: Map<Did, RememberedDid> } {
  const all = new Map<Did, RememberedDid>()
  return {
    all,
    read: async (did) => all.get(did),
    write: async (did, remembered) => void all.set(did, remembered),
    delete: async (did) => void all.delete(did),
  }
}

describe('an identity with a log', () => {
  it('is asked for once, and answers without waiting afterwards', async () => {
    const did = publish(new TestDid('bob'))
    const { kid } = did.signer(first)
    const resolver = open()
    expect(resolver.peek(kid, 'assertionMethod')).toBeUndefined()
    expect(await resolver.resolve(kid, 'assertionMethod')).toMatchObject({ ok: true, did: did.did })
    expect(resolver.peek(kid, 'assertionMethod')?.did).toBe(did.did)
    expect(resolver.peek(kid, 'assertionMethod')).toBe(resolver.peek(kid, 'assertionMethod'))
    await Promise.all([1, 2, 3].map(() => resolver.resolve(kid, 'authentication')))
    expect(asked).toEqual(['bob.example/did.jsonl'])
    expect(resolver.status(did.did)).toEqual({ method: 'webvh', rotates: true, ageSeconds: 0 })
  })

  it('is asked for again while it is used, before it is too old, and nobody waits', async () => {
    const did = publish(new TestDid('bob'))
    const { kid } = did.signer(first)
    const resolver = open()
    await resolver.resolve(kid, 'assertionMethod')
    wait(199)
    expect(resolver.peek(kid, 'assertionMethod')).toBeDefined()
    expect(asked).toHaveLength(1)
    wait(2)
    expect(resolver.peek(kid, 'assertionMethod')).toBeDefined()
    await expect.poll(() => resolver.status(did.did).ageSeconds).toBe(0)
    expect(asked).toHaveLength(2)
  })

  it('serves for an hour while its host is away, and then not at all', async () => {
    const did = publish(new TestDid('bob'))
    const { kid } = did.signer(first)
    const resolver = open()
    await resolver.resolve(kid, 'assertionMethod')
    down = true
    wait(300)
    expect(resolver.peek(kid, 'assertionMethod')).toBeUndefined()
    expect(await outcome(resolver, kid)).toBe('ok')
    expect(resolver.status(did.did).ageSeconds).toBe(300)
    expect(await resolver.isFresh(did.did)).toBe(false)
    expect(await resolver.isFresh(alice.did)).toBe(true)
    wait(3_299)
    expect(await outcome(resolver, kid)).toBe('ok')
    wait(1)
    expect(await outcome(resolver, kid)).toBe('identity_unavailable: no answer')
    down = false
    wait(10)
    expect(await outcome(resolver, kid)).toBe('ok')
    wait(301)
    expect(await resolver.isFresh(did.did)).toBe(true)
  })

  it('is not asked for all the time when its host does not answer', async () => {
    const { kid } = new TestDid('bob').signer(first)
    const resolver = open()
    for (const _ of [1, 2, 3]) expect(await outcome(resolver, kid)).toBe('identity_unavailable: not found')
    expect(asked).toHaveLength(1)
    wait(10)
    await outcome(resolver, kid)
    expect(asked).toHaveLength(2)
  })

  it('is asked for a key that is not known, but not more often than every ten seconds, whoever makes up names', async () => {
    const did = publish(new TestDid('bob'))
    const resolver = open()
    await resolver.resolve(did.signer(first).kid, 'assertionMethod')
    for (const name of ['a', 'b', 'c']) expect(await outcome(resolver, `${did.did}#${name}`)).toBe('kid_unknown_key')
    expect(asked).toHaveLength(1)
    did.next([first, second], NOW + 5)
    publish(did)
    wait(10)
    // Mallory's questions cannot use up the one that a rotation needs: each of them brings the newest log.
    expect(await outcome(resolver, `${did.did}#made-up`)).toBe('kid_unknown_key')
    expect(await outcome(resolver, did.signer(second).kid)).toBe('ok')
    expect(asked).toHaveLength(2)
  })

  it('loses a key at once when its log says that it is revoked', async () => {
    const did = publish(new TestDid('bob'))
    const resolver = open()
    const { kid } = did.signer(first)
    expect(await outcome(resolver, kid)).toBe('ok')
    did.next([first, second], NOW, [{ kid, compromised_since: NOW - 60, reason: 'stolen' }])
    publish(did)
    expect(await resolver.refresh(did.did)).toBeUndefined()
    expect(resolver.peek(kid, 'assertionMethod')).toBeUndefined()
    expect(await outcome(resolver, kid)).toBe('key_revoked')
  })

  it('gets no key back that was revoked, when mallory with its update key leaves that out of the next document', async () => {
    const did = publish(new TestDid('bob'))
    const resolver = open()
    const { kid } = did.signer(first)
    expect(await outcome(resolver, kid)).toBe('ok')
    did.next([second], NOW, [{ kid, compromised_since: NOW - 60, reason: 'stolen' }])
    did.next([first], NOW + 1)
    publish(did)
    expect(await resolver.refresh(did.did)).toBeUndefined()
    expect(await outcome(resolver, kid)).toBe('key_revoked')
    const then = await resolver.resolve(kid, 'assertionMethod', NOW - 30)
    expect(then).toMatchObject({ ok: false, reason: 'key_revoked' })
    expect(
      keyWindows(did.log)
        .filter((window) => window.kid === kid)
        .every(({ revoked }) => revoked !== undefined),
    ).toBe(true)
  })

  it('is frozen when its log contradicts what was seen, also after a restart', async () => {
    const did = publish(new TestDid('bob'))
    const memory = memoryOf()
    const resolver = open(memory)
    const { kid } = did.signer(first)
    const theirs = new TestDid('bob')
    did.next([first], NOW - 60)
    publish(did)
    expect(await outcome(resolver, kid)).toBe('ok')
    theirs.next([mallory], NOW - 60)
    publish(theirs)
    wait(300)
    expect(await outcome(resolver, kid)).toMatch(/^identity_forked: version 2 was 2-Qm\w+ and is 2-Qm/)
    expect(resolver.peek(kid, 'assertionMethod')).toBeUndefined()
    publish(did)
    wait(4_000)
    expect(await outcome(resolver, kid)).toMatch(/^identity_forked/)
    expect(forks).toHaveLength(1)
    expect(await outcome(open(memory), kid)).toMatch(/^identity_forked/)
    await resolver.forget(did.did)
    expect(await outcome(resolver, kid)).toBe('ok')
  })

  it('is not rolled back: an older log is no news, also after a restart', async () => {
    const did = new TestDid('bob')
    const old = did.bytes
    did.next([second], NOW - 60)
    publish(did)
    const memory = memoryOf()
    expect(await outcome(open(memory), did.signer(second).kid)).toBe('ok')
    host.set('bob.example/did.jsonl', old)
    wait(300)
    const resolver = open(memory)
    expect(await outcome(resolver, did.signer(first).kid)).toBe('kid_unknown_key')
    expect(await outcome(resolver, did.signer(second).kid)).toBe('ok')
    wait(3_600)
    expect(await outcome(resolver, did.signer(second).kid)).toBe('did_log: it is an older one than was seen')
  })

  it('is refused with a log that does not verify, and keeps the one that did', async () => {
    const did = publish(new TestDid('bob'))
    const resolver = open()
    const { kid } = did.signer(first)
    await outcome(resolver, kid)
    host.set('bob.example/did.jsonl', Buffer.concat([did.bytes, Buffer.from('{}\n')]))
    expect(await resolver.refresh(did.did)).toMatch(/^did_log: entry 2/)
    expect(await outcome(resolver, kid)).toBe('ok')
    expect(await outcome(open(), kid)).toMatch(/^did_log: entry 2/)
  })

  it('gives its keys for what its document says, under its own name only', async () => {
    const did = publish(new TestDid('bob'))
    const resolver = open()
    const moved = did.signer(first).kid.replace('bob.example', 'mallory.example')
    host.set('mallory.example/did.jsonl', did.bytes)
    expect(await outcome(resolver, moved)).toBe('did_log: log_of_another')
    expect(await outcome(resolver, 'did:webvh:Qm1:127.0.0.1#k')).toBe('did_method_unsupported')
    expect(isDid(did.did)).toBe(true)
  })

  it('gives a key that has gone since for what was signed while it was there, unless it was revoked', async () => {
    const did = new TestDid('bob')
    did.next([first, second], NOW - 7_200)
    did.next([second], NOW - 3_600)
    publish(did)
    const resolver = open()
    const { kid } = did.signer(first)
    const then = async (at: number) => {
      const resolution = await resolver.resolve(kid, 'assertionMethod', at)
      return resolution.ok ? 'ok' : resolution.reason
    }
    expect(await outcome(resolver, kid)).toBe('kid_unknown_key')
    expect(await then(NOW - 5_000)).toBe('ok')
    expect(await then(NOW - 1_000)).toBe('key_not_valid_then')
    did.next([second], NOW, [{ kid, compromised_since: NOW - 4_000, reason: 'stolen' }])
    publish(did)
    expect(await resolver.refresh(did.did)).toBeUndefined()
    // Mallory writes whatever time she likes.
    expect(await then(NOW - 5_000)).toBe('key_revoked')
  })

  it('needs no host when it is this kernel itself', async () => {
    const did = new TestDid('bob')
    const resolver = open()
    resolver.adopt(did.log)
    expect(await outcome(resolver, did.signer(first).kid)).toBe('ok')
    expect(resolver.peek(did.signer(first).kid, 'authentication')).toBeDefined()
    did.next([second], NOW)
    resolver.adopt(did.log)
    expect(await outcome(resolver, did.signer(first).kid)).toBe('kid_unknown_key')
    expect(asked).toEqual([])
  })
})

describe('a log that takes long to verify', () => {
  const grown = (entries: number) => {
    const did = new TestDid('bob')
    for (let at = 1; at < entries; at++) did.next([first], NOW - 80_000 + at)
    return publish(did)
  }

  it('is verified once: what comes behind it is all that is looked at later', async () => {
    const did = grown(12)
    const resolver = open()
    expect(await outcome(resolver, did.signer(first).kid)).toBe('ok')
    const before = resolver.log(did.did)
    expect(await resolver.refresh(did.did)).toBeUndefined()
    // The very same objects: nothing was made again.
    expect(resolver.log(did.did)?.versions[5]).toBe(before?.versions[5])
    did.next([first, second], NOW)
    publish(did)
    expect(await resolver.refresh(did.did)).toBeUndefined()
    expect(resolver.log(did.did)?.versions).toHaveLength(13)
    expect(resolver.log(did.did)?.versions[5]).toBe(before?.versions[5])
    expect(await outcome(resolver, did.signer(second).kid)).toBe('ok')
    // And what comes behind it is looked at.
    const [, ...lines] = did.lines.toReversed()
    host.set('bob.example/did.jsonl', Buffer.from([...lines.toReversed(), did.lines[4]].join('\n')))
    expect(await resolver.refresh(did.did)).toMatch(/^did_log: entry 13/)
  })

  it('leaves turns to others while it is verified', async () => {
    const did = grown(12)
    let turns = 0
    let done = false
    const count = () => {
      turns += 1
      if (!done) setImmediate(count)
    }
    setImmediate(count)
    await open().resolve(did.signer(first).kid, 'assertionMethod')
    done = true
    expect(turns).toBeGreaterThan(11)
  })

  it('may be of a hundred entries, for a stranger', async () => {
    const did = grown(101)
    strangers.add(did.did)
    expect(await outcome(open(), did.signer(first).kid)).toBe('did_log: log_too_long')
    strangers.clear()
    expect(await outcome(open(), did.signer(first).kid)).toBe('ok')
  }, 60_000)
})

describe('other identities', () => {
  it('did:key is its own document', async () => {
    const resolver = open()
    expect(await outcome(resolver, alice.kid)).toBe('ok')
    expect(resolver.peek(alice.kid, 'assertionMethod')?.did).toBe(alice.did)
    expect(resolver.status(alice.did)).toEqual({ method: 'key', rotates: false })
    expect(await outcome(resolver, 'did:example:x#k')).toBe('did_method_unsupported')
    expect(asked).toEqual([])
  })

  it('did:web is only what an operator has pinned: its host may show any key', async () => {
    const did: Did = 'did:web:bob.example'
    const kid = `${did}#${multikeyOf(bob.publicKey)}`
    const theirs = `${did}#${multikeyOf(mallory.publicKey)}`
    host.set('bob.example/did.json', Buffer.from(JSON.stringify(documentOf(did, [bob, mallory]))))
    expect(await outcome(open(), kid)).toBe('did_web_without_a_pinned_key')
    expect(asked).toEqual([])
    const resolver = open(undefined, () => [multikeyOf(bob.publicKey)])
    expect(await outcome(resolver, kid)).toBe('ok')
    expect(await outcome(resolver, theirs)).toBe('kid_unknown_key')
    host.set('bob.example/did.json', Buffer.from(JSON.stringify(documentOf(alice.did, [bob]))))
    expect(await resolver.refresh(did)).toBe('did_document: document_of_another')
    host.set('bob.example/did.json', Buffer.from('{"id":"did:web:bob.example","id":"did:web:bob.example"}'))
    expect(await resolver.refresh(did)).toBe('did_document: duplicate_name')
  })
})
