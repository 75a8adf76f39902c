// Importing this file makes the texts of this part known.
import { include } from '../language/language.svelte';
import { viReview } from '../messages/vi-review';

include(viReview);
