import { describe, expect, it } from 'vitest'
import type { ImportInit, PeerImport } from '../kernel/kernel.ts'
import type { SignedManifest } from '../manifest/capability-manifest.ts'
import { trustPolicies } from '../policy/trust-policy.ts'
import type { KernelFixture } from './describe-kernel.ts'

export function describeImporting(fixture: () => KernelFixture): void {
  const manifestOf = async (url: string): Promise<SignedManifest> => {
    const { peers } = await fixture().kernel.discoverPeers({ peerUrls: [url] })
    if (peers[0] === undefined) throw new Error(`nothing was found at ${url}`)
    return peers[0].signed
  }

  /** The peer under `orgb`; taken away again at the end of the test. */
  const imported = async (over: Partial<ImportInit> = {}): Promise<PeerImport & AsyncDisposable> => {
    const { kernel, peer } = fixture()
    const found = await kernel.importRemote({ manifest: await manifestOf(peer.manifestUrl), as: 'orgb', ...over })
    return Object.assign(found, {
      // It may have been taken away by the test.
      [Symbol.asyncDispose]: () => found.unimport().catch(() => {}),
    })
  }

  describe('an imported kernel', () => {
    it.each(trustPolicies)('serves calls under %s', async (trustPolicy) => {
      const { kernel, peer } = fixture()
      await using found = await imported({ trustPolicy })
      expect(found).toMatchObject({ peer: peer.did, alias: 'orgb', trustPolicy })
      expect([...found.capabilities].sort()).toEqual(['orgb/echo', 'orgb/slow'])
      expect(await kernel.explain('orgb/echo', { text: 'x' })).toMatchObject({ decision: 'permit', trustPolicy })
      const frame = await kernel.invoke('orgb/echo', { text: 'grüße' })
      expect(frame).toMatchObject({
        capability: 'orgb/echo',
        kind: 'data',
        value: { text: 'grüße' },
        untrusted: true,
        remote: { did: peer.did, receiptHash: expect.stringMatching(/^[A-Za-z0-9_-]{43}$/) },
      })
    })

    it('is trusted least when nothing is said', async () => {
      await using found = await imported()
      expect(found.trustPolicy).toBe('most_restrictive')
    })

    it('may be imported by the text of its manifest', async () => {
      const { kernel, peer } = fixture()
      const { jws } = await manifestOf(peer.manifestUrl)
      await using _found = await imported({ manifest: jws })
      expect(await kernel.invoke('orgb/echo', { text: 'x' })).toMatchObject({ value: { text: 'x' } })
    })

    it('decides alone under remote_deferred where no local rule says anything, and not under the others', async () => {
      const { kernel } = fixture()
      for (const trustPolicy of trustPolicies) {
        await using _found = await imported({ as: 'unruled', trustPolicy })
        const call = kernel.invoke('unruled/echo', { text: 'x' })
        if (trustPolicy === 'remote_deferred') await expect(call).resolves.toMatchObject({ value: { text: 'x' } })
        else await expect(call).rejects.toMatchObject({ name: 'CallError', detail: { code: 'policy_denied' } })
      }
    })

    it('is asked nothing when the arguments do not match its schema', async () => {
      await using _found = await imported()
      await expect(fixture().kernel.invoke('orgb/echo', { text: 7 })).rejects.toMatchObject({
        name: 'CallError',
        detail: { code: 'invalid_request' },
      })
    })

    it('has until the deadline', async () => {
      await using _found = await imported()
      await expect(fixture().kernel.invoke('orgb/slow', {}, { deadlineMs: 500 })).rejects.toMatchObject({
        name: 'CallError',
        detail: { code: 'deadline' },
      })
    })

    it('runs an idempotent call once and answers it twice', async () => {
      const { kernel } = fixture()
      await using _found = await imported()
      const options = { idempotencyKey: 'remote-1' }
      const first = await kernel.invoke('orgb/echo', { text: 'x' }, options)
      const second = await kernel.invoke('orgb/echo', { text: 'x' }, options)
      expect(second.value).toEqual(first.value)
      await expect(kernel.invoke('orgb/echo', { text: 'y' }, options)).rejects.toMatchObject({
        detail: { code: 'invalid_request' },
      })
    })

    it('offers only what was asked for', async () => {
      const { kernel } = fixture()
      await using found = await imported({ capabilities: ['echo'] })
      expect(found.capabilities).toEqual(['orgb/echo'])
      await expect(kernel.invoke('orgb/slow', {})).rejects.toMatchObject({ detail: { code: 'not_found' } })
    })

    it('never takes the place of a capability of this kernel', async () => {
      const { kernel } = fixture()
      await using _local = await kernel.register({ id: 'local.echo', safety: 'READ' }, () => 'local')
      await using _found = await imported()
      expect(await kernel.invoke('local.echo', {})).toMatchObject({ value: 'local' })
      const named = kernel.invoke('echo', { text: 'x' }, { route: false })
      await expect(named).rejects.toMatchObject({ detail: { code: 'not_found' } })
    })

    it('serves what names no peer and is not offered here, and the frame says who did', async () => {
      const { kernel } = fixture()
      await using _found = await imported()
      const routed = { capability: 'orgb/echo', route: { asked: 'echo', tried: [] } }
      expect(await kernel.invoke('echo', { text: 'x' })).toMatchObject(routed)
    })

    it('shows no difference while its manifest is the same', async () => {
      await using found = await imported()
      expect(await found.refresh()).toMatchObject({ peer: 'unchanged', capabilities: [] })
      expect([...found.capabilities].sort()).toEqual(['orgb/echo', 'orgb/slow'])
    })

    it('is gone once it is unimported, and can be imported again', async () => {
      const { kernel } = fixture()
      const found = await imported()
      await found.unimport()
      await expect(kernel.invoke('orgb/echo', { text: 'x' })).rejects.toMatchObject({ detail: { code: 'not_found' } })
      await using _again = await imported()
      expect(await kernel.invoke('orgb/echo', { text: 'x' })).toMatchObject({ value: { text: 'x' } })
    })
  })

  describe('an import that is refused', () => {
    it('wants the alias of another peer, and leaves that peer alone', async () => {
      const { kernel, other } = fixture()
      await using _found = await imported({ as: 'taken' })
      const theirs = await manifestOf(other.manifestUrl)
      await expect(kernel.importRemote({ manifest: theirs, as: 'taken' })).rejects.toMatchObject({ name: 'CallError' })
      expect(await kernel.invoke('taken/echo', { text: 'x' })).toMatchObject({ value: { text: 'x' } })
    })

    it('asks for a capability that is not in the manifest, and imports nothing of it', async () => {
      const { kernel, peer } = fixture()
      const manifest = await manifestOf(peer.manifestUrl)
      const init = { manifest, as: 'orgb', capabilities: ['echo', 'nothing'] }
      await expect(kernel.importRemote(init)).rejects.toMatchObject({ name: 'CallError' })
      await expect(kernel.invoke('orgb/echo', { text: 'x' })).rejects.toMatchObject({ detail: { code: 'not_found' } })
    })

    it('is named by no discovery channel, so that an operator has to say it', async () => {
      const { kernel, peer } = fixture()
      await expect(kernel.importAgreed({ did: peer.did, as: 'orgb' })).rejects.toMatchObject({
        name: 'CallError',
        detail: { code: 'not_found' },
      })
    })

    it.each([
      ['is unsigned, as of 2025', () => unsigned()],
      ['is signed by nobody', ([header, payload]) => `${header}.${payload}.`],
      ['was changed by mallory', ([header, payload, signature]) => `${header}.${changed(payload)}.${signature}`],
      ['carries another signature', ([header, payload, signature]) => `${header}.${payload}.${changed(signature)}`],
      ['is no manifest', () => 'hello'],
    ] satisfies [string, (parts: string[]) => string][])('has a manifest that %s', async (_what, forge) => {
      const { kernel, peer } = fixture()
      const { jws } = await manifestOf(peer.manifestUrl)
      const manifest = forge(jws.split('.'))
      await expect(kernel.importRemote({ manifest, as: 'orgb' })).rejects.toMatchObject({ name: 'CallError' })
      await expect(kernel.invoke('orgb/echo', { text: 'x' })).rejects.toMatchObject({ detail: { code: 'not_found' } })
    })
  })
}

function unsigned(): string {
  const capabilities = [{ name: 'echo' }]
  const endpoint = 'http://127.0.0.1:1'
  return JSON.stringify({ kernel_id: 'legacy', version: '1.0', capabilities, endpoint, trust_level: 'verified' })
}

/** Another legal character in the middle. */
function changed(part = ''): string {
  const at = Math.floor(part.length / 2)
  return part.slice(0, at) + (part[at] === 'A' ? 'B' : 'A') + part.slice(at + 1)
}
