// Importing this file registers the texts of this part.
import { include } from '../language/language.svelte';
import { viHousehold } from '../messages/vi-household';

include(viHousehold);
