import { render } from 'preact';
import './main.css';

function Overview() {
  return (
    <main>
      <h1>Doorbuster</h1>
      <p>
        <a href="/demo/">The demo shop</a>, <a href="/openapi.json">the API</a>
      </p>
    </main>
  );
}

render(<Overview />, document.getElementById('app')!);
