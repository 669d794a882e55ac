import type { Inspection, StretchInspector } from './inspect-stretch.ts'
import type { Stretch } from './stretch.ts'

/**
 * Reads ahead: has as many stretches inspected at once as the inspector likes, and gives them back in their order.
 * @param stretch of a step; undefined when there is nothing to inspect.
 */
export async function* inspectedAhead<Step>(
  steps: AsyncGenerator<Step>,
  stretch: (step: Step) => Stretch | undefined,
  inspector: StretchInspector,
): AsyncGenerator<{ step: Step; inspection: Inspection | undefined }> {
  const waiting: { step: Step; inspection: Promise<Inspection | undefined> }[] = []
  let ended = false
  try {
    for (;;) {
      while (!ended && waiting.length < inspector.parallel) {
        const next = await steps.next()
        if (next.done === true) ended = true
        else waiting.push({ step: next.value, inspection: begin(stretch(next.value), inspector) })
      }
      const first = waiting.shift()
      if (first === undefined) return
      yield { step: first.step, inspection: await first.inspection }
    }
  } finally {
    await steps.return(undefined)
  }
}

function begin(stretch: Stretch | undefined, inspector: StretchInspector): Promise<Inspection | undefined> {
  const inspection = stretch === undefined ? Promise.resolve(undefined) : inspector.inspect(stretch)
  // Whoever waits for it hears of a failure; until then nobody does.
  inspection.catch(() => undefined)
  return inspection
}
