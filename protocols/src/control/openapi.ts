/**
 * The control interface as an OpenAPI 3.1 document, for programs in other languages. Derived from the tables of methods,
 * results and scopes, so that a method that is added is in it.
 */

import { oauthPaths, tokenErrorSchema, tokenRequestSchema, tokenResponseSchema } from '../issuer/token-endpoint.ts'
import { OpenApiComponents } from '../openapi-components.ts'
import { callLineSchema, controlErrorSchema } from './call-lines.ts'
import { controlScopeOf, methodFacts } from './method-facts.ts'
import {
  type ControlMethod,
  controlMethods,
  controlPaths,
  registerParamsSchema,
  serveEndSchema,
  serveEventSchema,
  serveNoteSchema,
  serveReplySchema,
  watchApprovalsSchema,
  watchLineSchema,
} from './methods.ts'
import { controlResults } from './results.ts'

type Json = Record<string, unknown>

/** Of the interface, as in its paths. */
const VERSION = '1'

export function controlOpenApi(): Json {
  const schemas = new OpenApiComponents()
  const paths = {
    ...methodPaths(schemas),
    ...servePaths(schemas),
    ...watchPath(schemas),
    ...documentPath(),
    ...tokenPath(schemas),
  }
  schemas.add('Error', controlErrorSchema)
  return {
    openapi: '3.1.0',
    info: {
      title: 'Hansa control interface',
      version: VERSION,
      description:
        'How agents and operators of a host reach its node. Over the Unix socket of the home whoever can open it is the operator; whoever shows the credential of an agent is that agent, on every listener.',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [
      { url: 'http://localhost', description: 'Over a Unix socket; the host name means nothing' },
      {
        url: 'http://127.0.0.1:{port}',
        description: 'Loopback, with a bearer',
        variables: { port: { default: '7500' } },
      },
    ],
    tags: [
      { name: 'agent', description: 'For agents and operators' },
      { name: 'operator', description: 'For operators only' },
      { name: 'token', description: 'For whoever has a token of an issuer, and no credential' },
    ],
    paths,
    components: { securitySchemes, responses, schemas: schemas.all },
  }
}

const securitySchemes = {
  agentCredential: {
    type: 'http',
    scheme: 'bearer',
    description: 'What `hansa agent add` printed: hansa_agent_ and 49 characters. Opens what is tagged `agent`',
  },
  issuedToken: {
    type: 'http',
    scheme: 'bearer',
    bearerFormat: 'JWT',
    description: 'Of an issuer that the node takes, or a token of the node itself. Opens what is tagged `agent`',
  },
  operatorToken: {
    type: 'http',
    scheme: 'bearer',
    description: 'What is in control.token of the home; on loopback only. On the socket of the home nothing is shown',
  },
}

const responses = {
  Refused: {
    description: 'Refused or failed; `error.code` says as what',
    content: { 'application/json': { schema: { $ref: '#/components/schemas/Error' } } },
  },
}

function methodPaths(schemas: OpenApiComponents): Json {
  const names = Object.keys(controlMethods) as ControlMethod[]
  const entries = names.map((name) => {
    const operation = operationOf(name, controlPaths.method + name, methodFacts[name].summary, {
      body: schemas.add(`${capitalized(name)}Params`, controlMethods[name]),
      answer: jsonContent(schemas.add(`${capitalized(name)}Result`, controlResults[name])),
    })
    return [controlPaths.method + name, { post: operation }] as const
  })
  return Object.fromEntries(entries)
}

function servePaths(schemas: OpenApiComponents): Json {
  const done = jsonContent({ type: 'null' })
  const { serve, answer, note, end, invokeStream } = controlPaths
  const event = schemas.add('ServeEvent', serveEventSchema)
  return {
    [serve]: {
      post: operationOf('serve', serve, 'Offers a capability for as long as the answer is read.', {
        body: schemas.add('ServeParams', registerParamsSchema),
        answer: { 'application/x-ndjson': { schema: event } },
        says: 'Lines of JSON that do not end; each has this schema',
      }),
    },
    [answer]: {
      post: operationOf('answer', answer, 'Answers one call that came on the stream of `serve`.', {
        body: schemas.add('AnswerParams', serveReplySchema),
        answer: done,
      }),
    },
    [note]: {
      post: operationOf('note', note, 'Says something about a call before its answer.', {
        body: schemas.add('NoteParams', serveNoteSchema),
        answer: done,
      }),
    },
    [invokeStream]: {
      post: operationOf('invokeStream', invokeStream, 'Calls a capability, and tells what it says before it ends.', {
        body: schemas.add('InvokeParams', controlMethods.invoke),
        answer: { 'application/x-ndjson': { schema: schemas.add('CallLine', callLineSchema) } },
        says: 'Lines of JSON up to a frame or an error; each has this schema',
      }),
    },
    [end]: {
      post: operationOf('end', end, 'Takes a capability away that this caller serves.', {
        body: schemas.add('EndParams', serveEndSchema),
        answer: done,
      }),
    },
  }
}

function watchPath(schemas: OpenApiComponents): Json {
  const { watchApprovals } = controlPaths
  const operation = operationOf('watchApprovals', watchApprovals, 'Tells what becomes of approvals as it happens.', {
    body: schemas.add('WatchApprovalsParams', watchApprovalsSchema),
    answer: { 'application/x-ndjson': { schema: schemas.add('WatchLine', watchLineSchema) } },
    says: 'Lines of JSON that do not end; each has this schema',
  })
  return { [watchApprovals]: { post: operation } }
}

function documentPath(): Json {
  const { openapi } = controlPaths
  const operation = operationOf('openapi', openapi, 'This document.', { answer: jsonContent({ type: 'object' }) })
  return { [openapi]: { get: operation } }
}

/** Beside the interface, on the same listeners: whoever asks is known by what is in the form. */
function tokenPath(schemas: OpenApiComponents): Json {
  const fault = {
    description: 'Refused, in the words of RFC 6749',
    content: jsonContent(schemas.add('TokenError', tokenErrorSchema)),
  }
  const form = schemas.add('TokenRequest', tokenRequestSchema)
  const operation = {
    operationId: 'exchangeToken',
    summary:
      'Exchanges a token of an issuer for a token of this kernel (RFC 8693), where the configuration lets anybody.',
    tags: ['token'],
    'x-hansa-scope': 'token',
    security: [{}],
    requestBody: { required: true, content: { 'application/x-www-form-urlencoded': { schema: form } } },
    responses: {
      '200': { description: 'Done', content: jsonContent(schemas.add('TokenResponse', tokenResponseSchema)) },
      '400': fault,
      '401': fault,
    },
  }
  return { [oauthPaths.token]: { post: operation } }
}

type Exchange = { body?: Json; answer: Json; says?: string }

function operationOf(id: string, path: string, summary: string, { body, answer, says = 'Done' }: Exchange): Json {
  const scope = controlScopeOf(path)
  const operators = [{ operatorToken: [] }, {}]
  return {
    operationId: id,
    summary,
    tags: [scope],
    'x-hansa-scope': scope,
    security: scope === 'agent' ? [{ agentCredential: [] }, { issuedToken: [] }, ...operators] : operators,
    ...(body === undefined ? {} : { requestBody: { required: true, content: jsonContent(body) } }),
    responses: {
      '200': { description: says, content: answer },
      '401': { $ref: '#/components/responses/Refused' },
      '403': { $ref: '#/components/responses/Refused' },
      default: { $ref: '#/components/responses/Refused' },
    },
  }
}

function jsonContent(schema: Json): Json {
  return { 'application/json': { schema } }
}

function capitalized(name: string): string {
  return name.charAt(0).toUpperCase() + name.slice(1)
}
