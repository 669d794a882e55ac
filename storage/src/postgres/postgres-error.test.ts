import { describe, expect, it } from 'vitest'
import { StorageError } from '../errors.ts'
import { connectFailure, postgresError } from './postgres-error.ts'

const failure = (code: string | undefined, message = 'as the server says it') =>
  Object.assign(new Error(message), code === undefined ? {} : { code })

describe(postgresError, () => {
  it.each([
    ['23505', { code: 'constraint_violated', constraint: 'unique' }],
    ['23503', { code: 'constraint_violated', constraint: 'foreign_key' }],
    ['23502', { code: 'constraint_violated', constraint: 'not_null' }],
    ['23514', { code: 'constraint_violated', constraint: 'check' }],
    ['23P01', { code: 'constraint_violated', constraint: 'other' }],
    ['40001', { code: 'transaction_conflict' }],
    ['40P01', { code: 'transaction_conflict' }],
    ['57014', { code: 'statement_timeout' }],
    ['57P01', { code: 'database_unreachable', location: 'L' }],
    ['08006', { code: 'database_unreachable', location: 'L' }],
    ['ECONNRESET', { code: 'database_unreachable', location: 'L' }],
    ['53100', { code: 'database_failed', location: 'L', engineCode: '53100' }],
    ['25006', { code: 'database_failed', location: 'L', engineCode: '25006' }],
    ['XX001', { code: 'database_failed', location: 'L', engineCode: 'XX001' }],
  ])('turns %s into %j and keeps the cause', (code, detail) => {
    const cause = failure(code)
    const error = postgresError(cause, 'L')
    expect(error).toBeInstanceOf(StorageError)
    expect(error).toMatchObject({ detail, cause })
  })

  it('takes a connection that ended without a code for unreachable', () => {
    const error = postgresError(failure(undefined, 'Connection terminated unexpectedly'), 'L')
    expect(error).toMatchObject({ detail: { code: 'database_unreachable' } })
  })

  it.each([
    ['a syntax error', failure('42601')],
    ['a table that is not there', failure('42P01')],
    ['an error of the driver', failure(undefined, 'the query is empty')],
    ['something that is no error', 'text'],
  ])('leaves %s what it is', (_what, error) => {
    expect(postgresError(error, 'L')).toBe(error)
  })
})

describe(connectFailure, () => {
  it('names the reason of each address that was tried', () => {
    const cause = new AggregateError([
      failure('ECONNREFUSED', 'refused by ::1'),
      failure('ECONNREFUSED', 'refused by 127.0.0.1'),
    ])
    expect(connectFailure(cause, 'L').message).toMatch(
      /L cannot be reached: refused by ::1; refused by 127.0.0.1. Check/,
    )
  })
})
