import { describe, expect, it } from 'vitest'
import { openDatabase } from '../database.ts'

describe('a PostgreSQL server that is not there', () => {
  it('is unreachable, and the message holds no password', async () => {
    // Port 1 is reserved (RFC 1340, tcpmux) and nobody listens there.
    const attempt = openDatabase('postgres://hansa:s3cret@127.0.0.1:1/registry')
    await expect(attempt).rejects.toMatchObject({
      detail: { code: 'database_unreachable', location: 'postgres://hansa@127.0.0.1:1/registry' },
      message: expect.stringMatching(/^(?!.*s3cret).*ECONNREFUSED.*Check that the server runs/),
    })
  })
})
