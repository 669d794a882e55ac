/** Asks the token endpoint of the node of a home directory. */
import { oauthPaths, type TokenResponse, tokenErrorSchema, tokenResponseSchema } from '@hansa/protocols'
import { Client } from 'undici'
import { addressOf, failure } from './control-client.ts'
import { failed } from './errors.ts'

/** @param form members of the request @throws CliError `failed` in the words of the endpoint; ControlClientError */
export async function exchangeToken(home: string, form: Readonly<Record<string, string>>): Promise<TokenResponse> {
  // No token of an operator is shown there, but where to connect depends on what there is.
  const { origin, socketPath } = await addressOf(home)
  const client = new Client(origin, { ...(socketPath !== undefined && { socketPath }), maxResponseSize: 1_048_576 })
  try {
    const { statusCode, body } = await client
      .request({
        path: oauthPaths.token,
        method: 'POST',
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
        body: new URLSearchParams(form).toString(),
      })
      .catch(async (error: unknown) => {
        throw await failure(error, home)
      })
    const answer: unknown = await body.json().catch(() => undefined)
    const granted = statusCode === 200 ? tokenResponseSchema.safeParse(answer) : undefined
    if (granted?.success === true) return granted.data
    const fault = tokenErrorSchema.safeParse(answer)
    if (fault.success)
      throw failed(`${fault.data.error}: ${fault.data.error_description ?? ''}${adviceFor(fault.data.error)}`)
    throw failed('This node exchanges no tokens. Say who may, under `token_exchange` in hansa.yaml.')
  } finally {
    await client.destroy()
  }
}

function adviceFor(error: string): string {
  if (error === 'invalid_request') return '. See why with: hansa issuer check NAME --token @FILE'
  return error === 'invalid_client' ? '. Clients are under `token_exchange` in hansa.yaml' : ''
}
