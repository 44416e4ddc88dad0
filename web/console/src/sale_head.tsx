// The head of a sale's pages: its name, its state, and the way to its other pages.

import { t, titleOf } from './i18n.ts';
import { chipOf } from './parts.tsx';
import { saleLink } from './route.ts';
import type { Sale } from './types.ts';

const kPages = ['live', 'result', 'edit'] as const;

export function SaleHead({ id, page, sale }: { id: string; page: (typeof kPages)[number]; sale: Sale | undefined }) {
  return (
    <>
      <div class="head">
        <div>
          <div class="title-line">
            <h1>{sale ? titleOf(sale.title) : id}</h1>
            {sale && chipOf(sale)}
          </div>
          <p class="quiet mono small">{id}</p>
        </div>
      </div>
      <nav class="tabs" aria-label={t('sale.pages')}>
        {kPages.map((each) => (
          <a key={each} href={saleLink(id, each)} aria-current={each === page ? 'page' : undefined}>
            {t(`sale.${each}`)}
          </a>
        ))}
      </nav>
    </>
  );
}
