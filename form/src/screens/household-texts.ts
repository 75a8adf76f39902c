// Importing this file makes the texts of this part known.
import { include } from '../language/language.svelte';
import { viHousehold } from '../messages/vi-household';

include(viHousehold);
