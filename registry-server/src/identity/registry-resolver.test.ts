import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Did } from '@hansa/protocols'
import { multikeyOf } from '@hansa/trust'
import { bob, mallory, signingKey, TestDid } from '@hansa/trust/testing'
import { describe, expect, it } from 'vitest'
import { manifestOf, refused, testRegistry } from '../testing/test-registry.ts'

async function published(files: Record<string, Uint8Array>) {
  const server = createServer((request, response) => {
    const file = files[request.url ?? '']
    response.writeHead(file === undefined ? 404 : 200).end(file)
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const { port } = server.address() as AddressInfo
  return {
    port,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

describe('a kernel under did:webvh', () => {
  it('is listed when its log says that the key is its own, and where its host may be asked', async () => {
    const files: Record<string, Uint8Array> = {}
    await using site = await published(files)
    const did = new TestDid('bob', `localhost%3A${site.port}`)
    files['/.well-known/did.jsonl'] = did.bytes
    const key = signingKey('bob', 1)
    const manifest = manifestOf(did.signer(key))
    {
      await using registry = await testRegistry({ allowPrivate: ['127.0.0.1', '::1'] })
      expect((await registry.ask.register(manifest)).status).toBe(200)
      expect((await registry.ask.get(did.did)).body.manifest).toBe(manifest)
      const forged = manifestOf({ ...mallory, did: did.did, kid: did.signer(key).kid })
      expect((await registry.ask.register(forged)).body.code).toBe('identity_unavailable')
    }
    // Who registers names the host, so without leave no host of this machine is asked.
    await using strict = await testRegistry()
    expect(await strict.ask.register(manifest)).toEqual(refused(503, 'identity_unavailable'))
  })
})

describe('a kernel under did:web', () => {
  it('is listed under the key that whoever runs the registry was told, and not without one', async () => {
    const files: Record<string, Uint8Array> = {}
    await using site = await published(files)
    const did = `did:web:localhost%3A${site.port}` as Did
    const publicKeyMultibase = multikeyOf(bob.publicKey)
    const kid = `${did}#${publicKeyMultibase}`
    const method = { id: kid, type: 'Multikey', controller: did, publicKeyMultibase }
    const context = ['https://www.w3.org/ns/did/v1', 'https://w3id.org/security/multikey/v1']
    const document = { '@context': context, id: did, verificationMethod: [method], assertionMethod: [kid] }
    files['/.well-known/did.json'] = Buffer.from(JSON.stringify(document))
    const manifest = manifestOf({ ...bob, did, kid })
    const allowPrivate = ['127.0.0.1', '::1']
    await using registry = await testRegistry({ allowPrivate, pinned: { [did]: [publicKeyMultibase] } })
    expect((await registry.ask.register(manifest)).status).toBe(200)
    await using other = await testRegistry({ allowPrivate })
    expect(await other.ask.register(manifest)).toEqual(refused(503, 'identity_unavailable'))
  })
})
