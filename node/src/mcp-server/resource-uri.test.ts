import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { unwrapUri, wrapUri } from './resource-uri.ts'

const refs = ['files.mcp.resources', 'orgb/files.mcp.resources', 'orgb/files.mcp.resources2']

describe('the URI of a resource', () => {
  it('is found again behind its capability, whatever it holds', () => {
    fc.assert(
      fc.property(fc.constantFrom(...refs), fc.string({ minLength: 1 }), (ref, uri) => {
        expect(unwrapUri(wrapUri(ref, uri), refs)).toEqual({ ref, uri })
      }),
    )
  })

  it('of one server is never taken for that of another, also where mallory writes it so', () => {
    const inner = wrapUri('files.mcp.resources', 'file:///secret')
    expect(unwrapUri(wrapUri('orgb/files.mcp.resources', inner), refs)).toEqual({
      ref: 'orgb/files.mcp.resources',
      uri: inner,
    })
  })

  it.each(['file:///a', 'hansa://files.mcp.resources/', 'hansa://other/file:///a', 'HANSA://files.mcp.resources/x'])(
    'is none of a capability: %s',
    (uri) => {
      expect(unwrapUri(uri, refs)).toBeUndefined()
    },
  )
})
