import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compileOperation, type HttpOperation } from './http-operation.ts'

const get = (over: Partial<HttpOperation> = {}): HttpOperation => ({
  method: 'GET',
  url: 'https://api.example/v1',
  ...over,
})
const pathOf = (operation: HttpOperation, args: unknown) => compileOperation(operation)(args).path

describe(compileOperation, () => {
  it('puts each argument where the registration says', () => {
    const request = compileOperation({
      method: 'POST',
      url: 'https://api.example:8443/customers/{customer}/notes?tenant=acme',
      query: ['draft', 'tag'],
      body: ['text'],
    })
    expect(request({ customer: 'a/b c', draft: true, tag: ['x&y', 2], text: { de: 'grüße' } })).toEqual({
      origin: 'https://api.example:8443',
      path: '/customers/a%2Fb%20c/notes?tenant=acme&draft=true&tag=x%26y&tag=2',
      body: '{"text":{"de":"grüße"}}',
    })
  })

  it('sends the rest as the body when it is told to', () => {
    const request = compileOperation({ method: 'PUT', url: 'https://api.example/a/{id}', body: 'rest' })
    expect(request({ id: 7, name: 'n', constructor: 1 })).toMatchObject({
      path: '/a/7',
      body: '{"name":"n","constructor":1}',
    })
  })

  it('leaves out a query argument that is absent', () => {
    expect(pathOf(get({ query: ['page'] }), {})).toBe('/v1')
    expect(pathOf(get({ query: ['page'] }), undefined)).toBe('/v1')
  })

  it('keeps a path argument inside its segment, whatever mallory puts there', () => {
    const request = compileOperation(get({ url: 'https://api.example/files/{name}/read' }))
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', minLength: 1 }), (name) => {
        fc.pre(name !== '.' && name !== '..')
        const { origin, path } = request({ name })
        const url = new URL(origin + path)
        expect(url.host).toBe('api.example')
        expect(url.pathname.split('/').length).toBe(4)
        expect(url.pathname.endsWith('/read')).toBe(true)
        expect(url.search + url.hash).toBe('')
      }),
    )
  })

  it.each([
    ['climbs out of its segment', { name: '..' }],
    ['is the segment of nothing', { name: '.' }],
    ['is empty', { name: '' }],
    ['is missing', {}],
    ['is an object', { name: { toString: 'x' } }],
    ['is half a surrogate pair', { name: '\ud800' }],
    ['is inherited', Object.create({ name: 'x' })],
  ])('refuses a path argument that %s', (_what, args) => {
    const request = compileOperation(get({ url: 'https://api.example/files/{name}' }))
    expect(() => request(args)).toThrow(
      expect.objectContaining({ detail: expect.objectContaining({ code: 'arguments_unusable' }) }),
    )
  })

  it.each([
    ['an argument without a place', { dry_run: true }],
    ['a query argument that is an object', { page: {} }],
    ['a list in a list', { page: [[1]] }],
    ['arguments that are a list', ['x']],
    ['arguments that are text', 'x'],
  ])('refuses %s', (_what, args) => {
    expect(() => compileOperation(get({ query: ['page'] }))(args)).toThrow(/arguments_unusable/)
  })

  it.each([
    ['a URL of another scheme', { url: 'file:///etc/passwd' }, 'url is not http'],
    ['a host that an argument chooses', { url: 'https://{host}/x' }, 'url is not http'],
    ['credentials in the URL', { url: 'https://me:secret@api.example/x' }, 'holds credentials'],
    ['a placeholder in the query', { url: 'https://api.example/x?a={a}' }, 'url is not http'],
    ['a placeholder that is no name', { url: 'https://api.example/{a-b}' }, 'brace in the path'],
    ['an argument in two places', { url: 'https://api.example/{a}', query: ['a'] }, 'argument a is used twice'],
    ['a body of a GET', { body: 'rest' as const }, 'GET has no body'],
  ])('refuses an operation with %s', (_what, over, reason) => {
    expect(() => compileOperation(get(over))).toThrow(reason)
  })

  it('names every fault of an operation', () => {
    expect(() => compileOperation(get({ url: 'ftp://x', query: ['a', 'a'], body: 'rest' }))).toThrow(
      /url is not http.*argument a is used twice.*GET has no body/,
    )
  })
})
