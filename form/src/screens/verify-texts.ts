// Importing this file registers the texts of this part.
import { include } from '../language/language.svelte';
import { viVerify } from '../messages/vi-verify';

include(viVerify);
