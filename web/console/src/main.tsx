// The console: who is asking, the frame around every page, and the page that the address names.

import 'uplot/dist/uPlot.min.css';
import './main.css';
import './parts.css';
import './pages.css';
import './quiet_pages.css';
import './narrow.css';

import { render } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';

import { whenSignedOut } from './api.ts';
import { setLanguage, startLanguage, t, type Language, type MessageKey } from './i18n.ts';
import { Icon, Mark, type IconName } from './icons.tsx';
import { DevelopersPage } from './page_developers.tsx';
import { EditPage, NewPage } from './page_edit.tsx';
import { LivePage } from './page_live.tsx';
import { ResultPage } from './page_result.tsx';
import { SalesPage } from './page_sales.tsx';
import { SystemPage } from './page_system.tsx';
import { Empty, Loading, ProblemNote } from './parts.tsx';
import { useRoute, type Route } from './route.ts';
import { readSession, signOut, type SessionState } from './session.ts';
import { SignIn } from './sign_in.tsx';
import { chooseTheme, chosenTheme, startTheme, type Theme } from './theme.ts';
import type { Session } from './types.ts';

const kNav: [string, MessageKey, IconName, Route['page'][]][] = [
  ['#/', 'nav.sales', 'sales', ['sales', 'new', 'live', 'result', 'edit']],
  ['#/developers', 'nav.developers', 'developers', ['developers']],
  ['#/system', 'nav.system', 'system', ['system']],
];

const kTitles: Record<Route['page'], MessageKey> = {
  sales: 'nav.sales',
  new: 'sales.new',
  live: 'sale.live',
  result: 'sale.result',
  edit: 'sale.edit',
  developers: 'nav.developers',
  system: 'nav.system',
  nowhere: 'nowhere',
};

export function App() {
  const [, setLanguageShown] = useState('');
  const [state, setState] = useState<SessionState>({ kind: 'asking' });
  const ask = (): void => {
    setState({ kind: 'asking' });
    void readSession().then(setState);
  };
  useEffect(() => {
    // Whatever page is asking, the first 401 leads to the sign-in page, and from there back to it.
    whenSignedOut(() => setState({ kind: 'out' }));
    ask();
  }, []);
  const choices = <Choices onLanguage={(to) => (setLanguage(to), setLanguageShown(to))} />;
  switch (state.kind) {
    case 'asking':
      return (
        <main class="gate">
          <div class="gate-card">
            <Loading />
          </div>
        </main>
      );
    case 'failed':
      return (
        <main class="gate">
          <div class="gate-card">
            <ProblemNote problem={state.problem} onRetry={ask} />
          </div>
        </main>
      );
    case 'out':
      return <SignIn choices={choices} onSignedIn={ask} />;
    case 'in':
      return <Frame session={state.session} choices={choices} onSignedOut={() => setState({ kind: 'out' })} />;
  }
}

function Frame({ session, choices, onSignedOut }: {
  session: Session;
  choices: preact.VNode;
  onSignedOut: () => void;
}) {
  const route = useRoute();
  const main = useRef<HTMLElement>(null);
  const place = 'sale' in route ? `${route.page} ${route.sale}` : route.page;
  const isFirst = useRef(true);
  useEffect(() => {
    document.title = `${'sale' in route ? `${route.sale} · ` : ''}${t(kTitles[route.page])} · Doorbuster`;
  });
  useEffect(() => {
    // A new page begins at its top, and is where the keyboard goes on.
    if (isFirst.current) isFirst.current = false;
    else {
      window.scrollTo(0, 0);
      main.current?.focus();
    }
  }, [place]);
  const skip = (event: Event): void => {
    event.preventDefault();
    main.current?.focus();
  };
  return (
    <div class="frame">
      <a class="skip" href="#main" onClick={skip}>
        {t('skip')}
      </a>
      <header class="side">
        <a class="brand" href="#/">
          <Mark />
          Doorbuster
        </a>
        <nav class="nav" aria-label={t('nav.main')}>
          {kNav.map(([href, words, icon, pages]) => (
            <a key={href} href={href} aria-current={pages.includes(route.page) ? 'page' : undefined}>
              <Icon name={icon} />
              {t(words)}
            </a>
          ))}
        </nav>
        <div class="side-end">
          <p class="who quiet small">{session.dev ? t('nav.dev') : session.key?.name}</p>
          <div class="choices">
            {choices}
            {!session.dev && (
              <button type="button" class="button plain" onClick={() => void signOut().finally(onSignedOut)}>
                <Icon name="leave" size={18} />
                <span class="label">{t('nav.sign_out')}</span>
              </button>
            )}
          </div>
        </div>
      </header>
      <main id="main" class="main" ref={main} tabIndex={-1}>
        <PageOf route={route} session={session} />
      </main>
    </div>
  );
}

function PageOf({ route, session }: { route: Route; session: Session }) {
  switch (route.page) {
    case 'sales':
      return <SalesPage />;
    case 'new':
      return <NewPage session={session} />;
    case 'live':
      return <LivePage key={route.sale} sale={route.sale} />;
    case 'result':
      return <ResultPage key={route.sale} sale={route.sale} />;
    case 'edit':
      return <EditPage key={route.sale} sale={route.sale} session={session} />;
    case 'developers':
      return <DevelopersPage session={session} />;
    case 'system':
      return <SystemPage />;
    case 'nowhere':
      return (
        <Empty title={t('nowhere')} isPage>
          <a class="button" href="#/">
            {t('nav.sales')}
          </a>
        </Empty>
      );
  }
}

const kThemes: Record<Theme, [Theme, IconName, MessageKey]> = {
  auto: ['light', 'auto', 'theme.auto'],
  light: ['dark', 'sun', 'theme.light'],
  dark: ['auto', 'moon', 'theme.dark'],
};

function Choices({ onLanguage }: { onLanguage: (to: Language) => void }) {
  const [theme, setTheme] = useState(chosenTheme);
  const [next, icon, words] = kThemes[theme];
  const isChinese = document.documentElement.lang === 'zh-CN';
  return (
    <>
      <button
        type="button"
        class="button plain"
        lang={isChinese ? 'en' : 'zh-CN'}
        data-choice="language"
        onClick={() => onLanguage(isChinese ? 'en' : 'zh-CN')}
      >
        {isChinese ? 'English' : '中文'}
      </button>
      <button
        type="button"
        class="button plain"
        data-choice="theme"
        aria-label={t(words)}
        title={t(words)}
        onClick={() => {
          chooseTheme(next);
          setTheme(next);
        }}
      >
        <Icon name={icon} size={18} />
      </button>
    </>
  );
}

startTheme();
startLanguage();
render(<App />, document.getElementById('app') as HTMLElement);
