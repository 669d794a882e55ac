/** What a line may tell of an error that nobody expected. */

const MAX_FRAMES = 12
const MAX_CHARS = 512

export type FaultFields = { error: string; code?: string; reason?: string; at: string }

/**
 * Kind, code and place. Not the text: a parser, a driver or a library may quote in it what a call carried. Only what the
 * operating system says about a file or a socket is told as it is.
 */
export function faultFields(error: unknown): FaultFields {
  if (!(error instanceof Error)) return { error: typeof error, at: '' }
  const code = codeOf(error)
  const reason = 'syscall' in error ? error.message.slice(0, MAX_CHARS) : undefined
  return {
    error: error.name.slice(0, 64),
    ...(code === undefined ? {} : { code }),
    ...(reason === undefined ? {} : { reason }),
    at: framesOf(error),
  }
}

function codeOf(error: Error): string | undefined {
  const { detail, code } = error as { detail?: { code?: unknown }; code?: unknown }
  const found = detail?.code ?? code
  return typeof found === 'string' ? found.slice(0, 64) : undefined
}

/** Behind the text, which may itself have lines that look like frames. */
function framesOf({ stack = '', message }: Error): string {
  const begin = stack.indexOf(message)
  const behind = begin === -1 ? '' : stack.slice(begin + message.length)
  return behind
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line.startsWith('at '))
    .slice(0, MAX_FRAMES)
    .join('\n')
}
