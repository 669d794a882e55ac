import {
  CallError,
  type CallErrorDetail,
  callLineSchema,
  controlPaths,
  type Frame,
  type InvokeOptions,
} from '@hansa/protocols'
import type { ControlClient } from './control-client.ts'

/**
 * A call whose notes are heard.
 * @throws CallError with the code of the node, `outcome_unknown` when the connection is lost before the end; ConnectError
 */
export async function streamedCall(
  client: ControlClient,
  { signal, ...params }: Omit<InvokeOptions, 'onNote'> & { capability: string; args: unknown },
  onNote: NonNullable<InvokeOptions['onNote']>,
): Promise<Frame> {
  const left = new AbortController()
  const end = AbortSignal.any([left.signal, client.closed, ...(signal === undefined ? [] : [signal])])
  const lines = await client.lines(controlPaths.invokeStream, params, end)
  try {
    for await (const line of lines) {
      const { data } = callLineSchema.safeParse(line)
      if (data?.type === 'note') onNote(data.note)
      if (data?.type === 'frame') return data.frame
      if (data?.type === 'error') {
        const { message, ...detail } = data.error
        throw new CallError(detail as CallErrorDetail, message)
      }
    }
  } catch (error) {
    if (error instanceof CallError) throw error
    throw new CallError({ code: 'outcome_unknown' }, undefined, { cause: error })
  } finally {
    left.abort()
  }
  throw new CallError({ code: 'outcome_unknown' })
}
