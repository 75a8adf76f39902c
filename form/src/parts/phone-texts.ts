// Importing this file registers the texts of this part.
import { include } from '../language/language.svelte';
import { viPhone } from '../messages/vi-phone';

include(viPhone);
