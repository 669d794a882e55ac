import { describe, expect, it } from 'vitest'
import { didWebOf, publishedPath, publishedUrl, webLocation } from './web-location.ts'

const SCID = 'QmcKnGa3dur9W5JbQ3CC7D95Aqy5g4tbp81U3QG8DG1wtv'

describe('where an identifier is published', () => {
  it.each([
    [`did:webvh:${SCID}:example.com`, 'https://example.com/.well-known/did.jsonl'],
    [`did:webvh:${SCID}:issuer.example.com`, 'https://issuer.example.com/.well-known/did.jsonl'],
    [`did:webvh:${SCID}:example.com:dids:issuer`, 'https://example.com/dids/issuer/did.jsonl'],
    [`did:webvh:${SCID}:example.com%3A3000:dids:issuer`, 'https://example.com:3000/dids/issuer/did.jsonl'],
    ['did:web:localhost%3A7400', 'https://localhost:7400/.well-known/did.jsonl'],
  ])('%s', (did, url) => {
    const location = webLocation(did)
    expect(location && publishedUrl(location, 'did.jsonl')).toBe(url)
    expect(new URL(url).pathname).toBe(location && publishedPath(location, 'did.jsonl'))
  })

  it('is the same for did:web', () => {
    const location = webLocation(`did:webvh:${SCID}:example.com%3A3000:a:b`)
    expect(location && didWebOf(location)).toBe('did:web:example.com%3A3000:a:b')
  })

  it.each([
    'did:key:z6Mk',
    'did:web:',
    'did:web:127.0.0.1',
    'did:web:127.1',
    'did:web:2130706433',
    'did:web:0x7f.0x1',
    'did:web:a.0x7f',
    'did:web:[::1]',
    'did:web:Example.com',
    'did:web:example.com.',
    'did:web:.example.com',
    'did:web:-a.example',
    'did:web:example.com%3A0',
    'did:web:example.com%3A65536',
    'did:web:example.com%3A080',
    'did:web:example.com%3A',
    'did:web:example.com:..:admin',
    'did:web:example.com:.:admin',
    'did:web:example.com::admin',
    'did:web:example.com:a%2Fb',
    'did:web:user@example.com',
    'did:web:example.com#k',
    `did:webvh:${SCID}`,
    `did:webvh:${SCID.slice(1)}:example.com`,
    'did:webvh:QmNot:example.com',
  ])('is nowhere for %s', (did) => {
    expect(webLocation(did)).toBeUndefined()
  })

  it('is a name that the URL parser leaves as it is', () => {
    for (const did of ['did:web:a-b.c1.example', 'did:web:xn--bcher-kva.example', 'did:web:localhost']) {
      const location = webLocation(did)
      expect(new URL(location === undefined ? '' : publishedUrl(location, 'did.json')).hostname).toBe(location?.host)
    }
  })
})
