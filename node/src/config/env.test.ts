import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { readEnvironment } from './env.ts'

describe(readEnvironment, () => {
  it('knows where home is when nothing is said', () => {
    expect(readEnvironment({})).toEqual({ home: join(homedir(), '.hansa'), variables: {} })
  })

  it('reads what is set and ours, and takes an empty variable for an unset one', () => {
    const variables = { HANSA_HOME: 'here', HANSA_LISTEN: '127.0.0.1:1', HANSA_LOG_LEVEL: '', PATH: '/bin' }
    expect(readEnvironment(variables)).toEqual({ home: resolve('here'), variables: { HANSA_LISTEN: '127.0.0.1:1' } })
  })
})
