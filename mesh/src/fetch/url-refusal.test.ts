import { describe, expect, it } from 'vitest'
import { urlRefusal } from './url-refusal.ts'

describe(urlRefusal, () => {
  it.each([
    ['https://hooks.example/x', false],
    ['https://hooks.example:9443/x', false],
    ['http://127.0.0.1:9000/x', ['127.0.0.0/8']],
    ['http://localhost:9000/x', ['127.0.0.0/8']],
    ['https://10.1.2.3/x', true],
  ] as const)('says nothing against %s with %j', (url, allow) => {
    expect(urlRefusal(url, allow)).toBeUndefined()
  })

  it.each([
    ['http://hooks.example/x', true, 'plain HTTP'],
    ['http://127.0.0.1:9000/x', false, 'loopback address'],
    ['https://10.1.2.3/x', false, 'private address'],
    ['https://169.254.169.254/latest', true, 'metadata address'],
    ['https://metadata.google.internal/', true, 'metadata service'],
    ['https://[::ffff:127.0.0.1]/', false, 'loopback address'],
    ['https://user:pw@hooks.example/', false, 'name or password'],
    ['ftp://hooks.example/', true, 'not https'],
    ['nonsense', true, 'not a URL'],
  ] as const)('says of %s with %j what is wrong', (url, allow, reason) => {
    expect(urlRefusal(url, allow)).toContain(reason)
  })
})
