import { Validator } from '@seriousme/openapi-schema-validator'
import { describe, expect, it } from 'vitest'
import { oauthPaths } from '../issuer/token-endpoint.ts'
import { controlMethods, controlPaths } from './methods.ts'
import { controlOpenApi } from './openapi.ts'

type Operation = {
  operationId: string
  tags: string[]
  security: object[]
  requestBody?: object
  responses: Record<string, object>
}

const document = controlOpenApi() as {
  openapi: string
  paths: Record<string, { post?: Operation; get?: Operation }>
  components: { schemas: Record<string, { additionalProperties?: unknown }> }
}
const operations = Object.entries(document.paths).map(([path, { post, get }]) => {
  const operation = post ?? get
  if (operation === undefined) throw new Error(`${path} has no operation`)
  return { path, ...operation }
})

describe(controlOpenApi, () => {
  it('is a valid OpenAPI 3.1 document', async () => {
    const validator = new Validator()
    const result = await validator.validate(structuredClone(document))
    expect(result.errors ?? []).toEqual([])
    expect(result.valid).toBe(true)
    expect(validator.version).toBe('3.1')
  })

  it('is refused by the same validator once something is wrong with it', async () => {
    const broken = structuredClone(document) as { paths: Record<string, object> }
    broken.paths['/control/v1/invoke'] = { post: { responses: 'none' } }
    expect((await new Validator().validate(broken)).valid).toBe(false)
  })

  it('has every method and path of the interface, and no other', () => {
    const { method, ...others } = controlPaths
    const expected = [
      ...Object.keys(controlMethods).map((name) => method + name),
      ...Object.values(others),
      oauthPaths.token,
    ]
    expect(operations.map(({ path }) => path).sort()).toEqual(expected.sort())
    expect(new Set(operations.map(({ operationId }) => operationId)).size).toBe(operations.length)
  })

  it('lets the credential of an agent open what is of agents, and nothing else', () => {
    for (const { path, tags, security } of operations) {
      const byAgents = security.some((way) => 'agentCredential' in way)
      expect(byAgents, path).toBe(tags.includes('agent'))
      expect(tags, path).toHaveLength(1)
    }
    const ofAgents = operations.filter(({ tags }) => tags.includes('agent')).map(({ operationId }) => operationId)
    expect(ofAgents.sort()).toEqual([
      'answer',
      'capabilities',
      'end',
      'explain',
      'importAgreed',
      'invoke',
      'invokeStream',
      'note',
      'openapi',
      'search',
      'serve',
      'whoami',
    ])
  })

  it('refers to nothing that is not in it', () => {
    const text = JSON.stringify(document)
    const known = new Set(Object.keys(document.components.schemas))
    for (const [, name = ''] of text.matchAll(/"#\/components\/schemas\/([^"]+)"/g)) expect(known).toContain(name)
    expect(text).not.toContain('$defs')
  })

  it('lets a request have no member that the node would refuse, and an answer have more than is known today', () => {
    const { InvokeParams, InvokeResult } = document.components.schemas
    expect(InvokeParams?.additionalProperties).toBe(false)
    expect(InvokeResult?.additionalProperties).toBeUndefined()
  })
})
