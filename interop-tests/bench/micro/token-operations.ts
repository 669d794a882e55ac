import { mintToken, verifyToken } from '@hansa/trust'
import { aTokenContext, aTokenKeys, aTokenPayload } from '@hansa/trust/testing'
import { immediate, type Operation } from './operation.ts'

export const tokenOperations: Operation[] = [
  immediate('token mint', () => {
    const keys = aTokenKeys()
    const payload = aTokenPayload()
    return () => mintToken(keys, payload)
  }),
  immediate('token verify', () => {
    const keys = aTokenKeys()
    const token = mintToken(keys, aTokenPayload())
    const context = aTokenContext()
    return () => {
      if (!verifyToken(keys, token, context).ok) throw new Error('a good token is refused')
    }
  }),
]
