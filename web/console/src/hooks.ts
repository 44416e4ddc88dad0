// Loading once, and again and again: the two ways in which a page has its data.

import { useCallback, useEffect, useRef, useState } from 'preact/hooks';

import { Problem } from './api.ts';

export interface Loaded<T> {
  data: T | undefined;
  problem: Problem | undefined;
  reload: () => void;
}

function asProblem(error: unknown): Problem {
  return error instanceof Problem ? error : new Problem('console', 0, String(error), '');
}

/**
 * Loads when `key` changes and on reload(), and every `every` ms if that is given. What was loaded
 * stays while it is loaded anew; an answer for an earlier key is dropped.
 */
export function useLoad<T>(key: string, load: (signal: AbortSignal) => Promise<T>, every = 0): Loaded<T> {
  const [state, setState] = useState<{ key: string; data?: T | undefined; problem?: Problem }>({ key });
  const [turn, setTurn] = useState(0);
  const latest = useRef(load);
  latest.current = load;
  useEffect(() => {
    const abort = new AbortController();
    let timer = 0;
    const run = async (): Promise<void> => {
      try {
        const data = await latest.current(abort.signal);
        if (!abort.signal.aborted) setState({ key, data });
      } catch (error) {
        if (abort.signal.aborted) return;
        setState((old) => ({ key, data: old.key === key ? old.data : undefined, problem: asProblem(error) }));
      }
      if (every > 0 && !abort.signal.aborted) timer = window.setTimeout(wake, every);
    };
    const wake = (): void => {
      // A hidden page asks for nothing; it asks at once when it is looked at again.
      if (document.hidden) timer = window.setTimeout(wake, every);
      else void run();
    };
    void run();
    return () => {
      abort.abort();
      window.clearTimeout(timer);
    };
  }, [key, turn, every]);
  const reload = useCallback(() => setTurn((n) => n + 1), []);
  const isCurrent = state.key === key;
  return { data: isCurrent ? state.data : undefined, problem: isCurrent ? state.problem : undefined, reload };
}

export interface Doing {
  busy: boolean;
  problem: Problem | undefined;
  run: (work: () => Promise<void>) => void;
  clear: () => void;
}

/** One action at a time: a second click while the first is under way does nothing. */
export function useDoing(): Doing {
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem | undefined>();
  const under_way = useRef(false);
  const run = useCallback((work: () => Promise<void>) => {
    if (under_way.current) return;
    under_way.current = true;
    setBusy(true);
    setProblem(undefined);
    work()
      .catch((error: unknown) => setProblem(asProblem(error)))
      .finally(() => {
        under_way.current = false;
        setBusy(false);
      });
  }, []);
  return { busy, problem, run, clear: useCallback(() => setProblem(undefined), []) };
}

/** Renders again every `ms`, in step with whole multiples of it. */
export function useTick(ms: number): void {
  const [, setTurn] = useState(0);
  useEffect(() => {
    const timer = window.setInterval(() => setTurn((n) => n + 1), ms);
    return () => window.clearInterval(timer);
  }, [ms]);
}
