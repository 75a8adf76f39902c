// Importing this file registers the texts of this part.
import { include } from '../language/language.svelte';
import { viPhotos } from '../messages/vi-photos';

include(viPhotos);
