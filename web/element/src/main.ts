import { DoorbusterSale } from './element';

// A page may load the script twice.
if (!customElements.get('doorbuster-sale')) customElements.define('doorbuster-sale', DoorbusterSale);
