// Importing this file makes the texts of this part known.
import { include } from '../language/language.svelte';
import { viPhotos } from '../messages/vi-photos';

include(viPhotos);
