/** The routes of a registry as an OpenAPI 3.1 document, derived from their table: a route that is added is in it. */
import type { z } from 'zod'
import { errorBodySchema } from '../errors/error-body.ts'
import { OpenApiComponents } from '../openapi-components.ts'
import { watchEvents } from './log-messages.ts'
import { registryRoutes, registryStreams, registrySummaries } from './routes.ts'

type Json = Record<string, unknown>
type Route = { method: string; path: string; request: z.ZodObject; response: z.ZodType }

export function registryOpenApi(): Json {
  const schemas = new OpenApiComponents()
  const paths: Record<string, Json> = {}
  for (const [name, route] of Object.entries(registryRoutes) as [keyof typeof registryRoutes, Route][]) {
    const path = route.path.replaceAll(/:([a-z]+)/g, '{$1}')
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: operationOf(schemas, name, route) }
  }
  for (const [name, { path, produces }] of Object.entries(registryStreams) as [
    keyof typeof registryStreams,
    (typeof registryStreams)[keyof typeof registryStreams],
  ][]) {
    const shown = path.endsWith('/') ? `${path}{file}` : path
    const content = { [produces]: { schema: { type: 'string' } } }
    const parameters = path.endsWith('/') ? [parameter('file', 'path', { type: 'string' })] : []
    paths[shown] = {
      get: {
        operationId: name,
        summary: registrySummaries[name],
        parameters,
        responses: { 200: { description: 'As it says', content } },
      },
    }
  }
  for (const [name, schema] of Object.entries(watchEvents)) schemas.add(`WatchEvent.${name}`, schema)
  schemas.add('Error', errorBodySchema)
  return {
    openapi: '3.1.0',
    info: {
      title: 'Hansa registry',
      version: '1',
      description:
        'A directory of signed manifests. It proves nothing by itself: whoever reads a listing verifies the manifest. What is written is signed by the kernel that it is about, so there is no other authentication.',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: 'http://127.0.0.1:7070', description: 'Default of hansa-registry' }],
    paths,
    components: { responses, schemas: schemas.all },
  }
}

const responses = {
  Refused: {
    description: 'Refused or failed; `code` says as what',
    content: { 'application/json': { schema: { $ref: '#/components/schemas/Error' } } },
  },
}

function operationOf(schemas: OpenApiComponents, name: keyof typeof registryRoutes, route: Route): Json {
  const title = name.slice(0, 1).toUpperCase() + name.slice(1)
  const answer = { 'application/json': { schema: schemas.add(`${title}Answer`, route.response) } }
  const named = [...route.path.matchAll(/:([a-z]+)/g)].map(([, key = '']) => parameter(key, 'path', { type: 'string' }))
  const input =
    route.method === 'POST'
      ? {
          requestBody: {
            required: true,
            content: { 'application/json': { schema: schemas.add(`${title}Request`, route.request) } },
          },
        }
      : { parameters: [...named, ...queryParameters(schemas, title, route.request)] }
  return {
    operationId: name,
    summary: registrySummaries[name],
    ...input,
    responses: { 200: { description: 'Done', content: answer }, default: { $ref: '#/components/responses/Refused' } },
  }
}

function queryParameters(schemas: OpenApiComponents, title: string, request: z.ZodObject): Json[] {
  return Object.entries(request.shape).map(([key, schema]) =>
    parameter(key, 'query', schemas.add(`${title}Query.${key}`, schema as z.ZodType)),
  )
}

function parameter(name: string, place: 'path' | 'query', schema: Json): Json {
  return { name, in: place, required: place === 'path', schema }
}
